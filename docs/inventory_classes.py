"""Where everything of MXNet 1.9.1 that is no operator is here: classes, modules and tools, as in inventory.py."""

from __future__ import annotations

from inventory import Family

CLASSES = [
    Family("Blocks and layers", "gluon.nn", """
        Activation AvgPool1D AvgPool2D AvgPool3D BatchNorm BatchNormReLU Block Concatenate Conv1D Conv1DTranspose Conv2D
        Conv2DTranspose Conv3D Conv3DTranspose DeformableConvolution Dense Dropout ELU Embedding Flatten GELU
        GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GroupNorm
        HybridBlock HybridConcatenate HybridLambda HybridSequential Identity InstanceNorm Lambda LayerNorm LeakyReLU
        MaxPool1D MaxPool2D MaxPool3D ModulatedDeformableConvolution PReLU PixelShuffle1D PixelShuffle2D PixelShuffle3D
        ReflectionPad2D SELU Sequential SiLU SymbolBlock Swish SyncBatchNorm
    """),
    Family("Methods of a block", "gluon.HybridBlock", """
        apply cast collect_params export forward hybrid_forward hybridize infer_shape infer_type initialize load
        load_parameters load_params name name_scope optimize_for params prefix register_child register_forward_hook
        register_forward_pre_hook register_op_hook save save_parameters save_params summary
    """),
    Family("Parameters", "gluon.Parameter", """
        cast data dtype grad grad_req initialize list_ctx list_data list_grad list_row_sparse_data reset_ctx
        row_sparse_data set_data shape var zero_grad
    """),
    Family("Dicts of parameters", "gluon.ParameterDict", """
        get get_constant initialize items keys list_ctx load load_dict prefix reset_ctx save setattr update values
        zero_grad
    """),
    Family("Recurrent networks", "gluon.rnn", """
        BidirectionalCell DropoutCell GRU GRUCell HybridRecurrentCell HybridSequentialRNNCell LSTM LSTMCell ModifierCell
        RNN RNNCell RecurrentCell ResidualCell SequentialRNNCell ZoneoutCell
    """),
    Family("gluon.contrib.nn", "gluon.contrib.nn", """
        Concurrent HybridConcurrent Identity PixelShuffle1D PixelShuffle2D PixelShuffle3D SparseEmbedding SyncBatchNorm
    """),
    Family("gluon.contrib.rnn", "gluon.contrib.rnn", """
        Conv1DGRUCell Conv1DLSTMCell Conv1DRNNCell Conv2DGRUCell Conv2DLSTMCell Conv2DRNNCell Conv3DGRUCell
        Conv3DLSTMCell Conv3DRNNCell LSTMPCell VariationalDropoutCell
    """),
    Family("gluon.contrib.cnn", "gluon.contrib.cnn", "DeformableConvolution ModulatedDeformableConvolution"),
    Family("Losses", "gluon.loss", """
        CTCLoss CosineEmbeddingLoss HingeLoss HuberLoss KLDivLoss L1Loss L2Loss LogisticLoss Loss
        PoissonNLLLoss SDMLLoss
        SigmoidBCELoss SigmoidBinaryCrossEntropyLoss SoftmaxCELoss SoftmaxCrossEntropyLoss SquaredHingeLoss TripletLoss
    """),
    Family("Trainer", "gluon.Trainer", """
        allreduce_grads learning_rate load_states optimizer save_states set_learning_rate step update
    """),
    Family("gluon.utils", "gluon.utils", "check_sha1 clip_global_norm download replace_file split_and_load split_data"),
    Family("Data sets, samplers, loaders", "gluon.data", """
        ArrayDataset BatchSampler DataLoader Dataset FilterSampler IntervalSampler RandomSampler RecordFileDataset
        Sampler SequentialSampler SimpleDataset
    """),
    Family("Pictures", "gluon.data.vision", """
        CIFAR10 CIFAR100 FashionMNIST ImageFolderDataset ImageRecordDataset MNIST
    """),
    Family("Transforms", "gluon.data.vision.transforms", """
        Cast CenterCrop Compose CropResize Normalize RandomApply RandomBrightness RandomColorJitter RandomContrast
        RandomFlipLeftRight RandomFlipTopBottom RandomHue RandomLighting RandomResizedCrop RandomRotation
        RandomSaturation Resize Rotate ToTensor
    """),
    Family("Estimator", "gluon.contrib.estimator", """
        BatchBegin BatchEnd BatchProcessor CheckpointHandler EarlyStoppingHandler EpochBegin EpochEnd Estimator
        GradientUpdateHandler LoggingHandler MetricHandler StoppingHandler TrainBegin TrainEnd ValidationHandler
    """),
    Family("Model zoo", "gluon.model_zoo.vision", """
        AlexNet BasicBlockV1 BasicBlockV2 BottleneckV1 BottleneckV2 DenseNet Inception3 MobileNet MobileNetV2 ResNetV1
        ResNetV2 SqueezeNet VGG get_mobilenet get_mobilenet_v2 get_resnet get_vgg
        alexnet densenet121 densenet161 densenet169 densenet201 get_model inception_v3 mobilenet0_25 mobilenet0_5
        mobilenet0_75 mobilenet1_0 mobilenet_v2_0_25 mobilenet_v2_0_5 mobilenet_v2_0_75 mobilenet_v2_1_0 resnet101_v1
        resnet101_v2 resnet152_v1 resnet152_v2 resnet18_v1 resnet18_v2 resnet34_v1 resnet34_v2 resnet50_v1 resnet50_v2
        squeezenet1_0 squeezenet1_1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
    """),
    Family("Optimizers", "optimizer", """
        AdaBelief AdaDelta AdaGrad Adam AdamW Adamax DCASGD FTML Ftrl GroupAdaGrad LAMB LANS LARS LBSGD NAG Nadam
        Optimizer RMSProp SGD SGLD Signum Test Updater ccSGD create get_updater register
    """),
    Family("Learning-rate schedules", "lr_scheduler", """
        CosineScheduler FactorScheduler LRScheduler MultiFactorScheduler PolyScheduler
    """),
    Family("Initializers", "init", """
        Bilinear Constant FusedRNN Initializer LSTMBias Load MSRAPrelu Mixed Normal One Orthogonal Uniform Xavier Zero
    """),
    Family("Metrics", "metric", """
        Accuracy BinaryAccuracy Caffe CompositeEvalMetric CrossEntropy CustomMetric EvalMetric F1 Fbeta Loss MAE MCC MSE
        MeanCosineSimilarity MeanPairwiseDistance NegativeLogLikelihood PCC PearsonCorrelation Perplexity RMSE
        TopKAccuracy Torch create
    """),
    Family("Iterators", "io", """
        CSVIter DataBatch DataDesc DataIter ImageDetRecordIter ImageRecordInt8Iter ImageRecordIter ImageRecordUInt8Iter
        LibSVMIter MNISTIter MXDataIter NDArrayIter PrefetchingIter ResizeIter
    """),
    Family("Record files", "recordio", """
        IRHeader MXIndexedRecordIO MXRecordIO pack pack_img unpack unpack_img
    """),
    Family("mx.image", "image", """
        Augmenter BrightnessJitterAug CastAug CenterCropAug ColorJitterAug ColorNormalizeAug ContrastJitterAug
        CreateAugmenter CreateDetAugmenter CreateMultiRandCropAugmenter DetAugmenter DetBorrowAug DetHorizontalFlipAug
        DetRandomCropAug DetRandomPadAug DetRandomSelectAug ForceResizeAug HorizontalFlipAug HueJitterAug ImageDetIter
        ImageIter LightingAug RandomCropAug RandomGrayAug RandomOrderAug RandomSizedCropAug ResizeAug
        SaturationJitterAug SequentialAug center_crop color_normalize fixed_crop imdecode imread imresize
        imrotate random_crop random_rotate
        random_size_crop resize_short scale_down
    """),
    Family("autograd", "autograd", """
        Function backward get_symbol grad is_recording is_training mark_variables pause predict_mode record train_mode
    """),
    Family("Symbols", "sym.Symbol", """
        attr attr_dict bind debug_str eval get_backend_symbol get_children get_internals gradient infer_shape
        infer_shape_partial infer_type infer_type_partial list_arguments list_attr list_auxiliary_states list_inputs
        list_outputs optimize_for save simple_bind tojson
    """),
    Family("Modules", "mod", "BaseModule BucketingModule Module PythonLossModule PythonModule SequentialModule"),
    Family("Methods of a module", "mod.Module", """
        backward bind borrow_optimizer data_shapes fit forward forward_backward get_input_grads get_outputs get_params
        get_states init_optimizer init_params install_monitor iter_predict label_shapes load load_optimizer_states
        load_params output_names output_shapes predict prepare reshape save_checkpoint save_optimizer_states save_params
        score set_params set_states update update_metric
    """),
    Family("The oldest models", "model", "BatchEndParam FeedForward load_checkpoint save_checkpoint"),
    Family("mx.rnn", "rnn", """BaseRNNCell BidirectionalCell BucketSentenceIter DropoutCell FusedRNNCell
        GRUCell LSTMCell RNNCell RNNParams ResidualCell SequentialRNNCell ZoneoutCell do_rnn_checkpoint
        encode_sentences load_rnn_checkpoint save_rnn_checkpoint"""),
    Family("Callbacks", "callback", """
        LogValidationMetricsCallback ProgressBar Speedometer do_checkpoint log_train_metric module_checkpoint
    """),
    Family("Looking at symbols", "visualization", "plot_network print_summary"),
    Family("Monitor", "monitor", "Monitor"),
    Family("Key-value stores", "kv", "KVStore create"),
    Family("Methods of a store", "kv.KVStore", """
        OPTIMIZER broadcast init is_capable load_optimizer_states num_workers pull push pushpull rank row_sparse_pull
        save_optimizer_states set_gradient_compression set_optimizer type
    """),
    Family("Mixed precision", "amp", """
        convert_hybrid_block convert_model convert_symbol init init_trainer list_conditional_fp32_ops list_fp32_ops
        list_loss_output_functions list_lp16_fp32_ops list_lp16_ops list_lp16_use_fp32_params list_widest_type_cast
        scale_loss unscale
    """),
    Family("Operators of one's own", "operator", "CustomOp CustomOpProp register"),
    Family("Profiler", "profiler", """
        Counter Domain Event Frame Marker Task dump dump_profile dumps pause profiler_set_config profiler_set_state
        resume set_config set_kvstore_handle set_state
    """),
    Family("Engine, runtime, devices", "runtime", "Feature Features feature_list"),
    Family("Switches", "util", "is_np_array is_np_shape makedirs np_array np_shape reset_np set_np use_np"),
    Family("Tests of one's own", "test_utils", """
        almost_equal assert_almost_equal check_numeric_gradient default_context download get_mnist get_mnist_iterator
        list_gpus rand_ndarray rand_shape_nd same
    """),
    Family("Modules", "", """
        amp attribute autograd base callback context contrib engine executor gluon image init initializer io kv kvstore
        library log lr_scheduler metric mod model module mon monitor name nd np npx ndarray notebook numpy onnx operator
        optimizer profiler random recordio rnn rtc runtime sym symbol test_utils util visualization viz
    """),
]  # fmt: skip

_CASTS = "amp.list_fp32_ops and amp.list_lp16_ops list what is done, operator by operator; there is no such third list."

ELSEWHERE: dict[str, str] = {
    ".device": ".context",
    ".numpy": "np",
}

ABSENT: dict[str, str] = {
    "gluon.ParameterDict.prefix": "Each dict has it, as an attribute of the object.",
    "optimizer.LANS": "LAMB is what it was made from, and is here.",
    "optimizer.LBSGD": "It is LARS with a schedule that warms up: optimizer.LARS, warmup_steps= of lr_scheduler.",
    "optimizer.Test": "An optimizer for the tests of MXNet itself.",
    "io.MXDataIter": "The wrapper of MXNet's own C++ iterators; those here are classes of their own.",
    "autograd.get_symbol": "What was recorded is shown by dlcore.explain; HybridBlock.export writes symbols.",
    "sym.Symbol.get_backend_symbol": "There is one compiler and no other backend to hand a symbol to.",
    "sym.Symbol.gradient": "MXNet raised an error here as well; bind gives an executor with gradients.",
    "sym.Symbol.optimize_for": "There is one compiler, which every bound symbol goes through.",
    "amp.convert_model": "amp.autocast runs any symbol or network in 16 bits; amp.convert_hybrid_block keeps it so.",
    "amp.convert_symbol": "amp.autocast runs any symbol or network in 16 bits; amp.convert_hybrid_block keeps it so.",
    **{f"amp.{n}": _CASTS for n in ("list_conditional_fp32_ops", "list_loss_output_functions",
                                    "list_lp16_use_fp32_params", "list_widest_type_cast")},
    "profiler.set_kvstore_handle": "There are no servers to profile from afar.",
    ".library": "Operators in C++ of one's own are stanzas (dlcore/ops) or autograd.Function.",
    ".log": "Python's own logging is used.",
    ".notebook": "Charts are drawn while training: %load_ext dlcore, then %train.",
    ".onnx": "Networks are exchanged by export and SymbolBlock.imports.",
    ".rtc": "Kernels of one's own are operator stanzas, see dlcore/ops.",
}  # fmt: skip
