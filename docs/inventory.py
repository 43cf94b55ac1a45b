"""Where each operator of MXNet 1.9.1 is here: the names by family, and what differs from "the same name".

A family names the namespace in which its names are looked for. `ELSEWHERE` gives another place, `ABSENT` the reason why
there is none. tests/docs checks both: what is promised exists, and what is excused does not.
"""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """Names of MXNet, and where they are looked for here."""

    title: str
    space: str
    names: str


FAMILIES = [
    Family(
        "Optimizer updates",
        "nd",
        """
        adam_update all_finite ftml_update ftrl_update lamb_update_phase1 lamb_update_phase2
        mp_lamb_update_phase1 mp_lamb_update_phase2 mp_nag_mom_update mp_sgd_mom_update mp_sgd_update
        multi_all_finite multi_lars multi_mp_sgd_mom_update multi_mp_sgd_update multi_sgd_mom_update
        multi_sgd_update multi_sum_sq nag_mom_update preloaded_multi_mp_sgd_mom_update
        preloaded_multi_mp_sgd_update preloaded_multi_sgd_mom_update preloaded_multi_sgd_update reset_arrays
        rmsprop_update rmspropalex_update sgd_mom_update sgd_update signsgd_update signum_update
        """,
    ),
    Family(
        "Random numbers",
        "nd",
        """
        normal random_exponential random_gamma random_generalized_negative_binomial random_negative_binomial
        random_normal random_pdf_dirichlet random_pdf_exponential random_pdf_gamma
        random_pdf_generalized_negative_binomial random_pdf_negative_binomial random_pdf_normal
        random_pdf_poisson random_pdf_uniform random_poisson random_randint random_uniform sample_exponential
        sample_gamma sample_generalized_negative_binomial sample_multinomial sample_negative_binomial
        sample_normal sample_poisson sample_uniform shuffle uniform
        """,
    ),
    Family(
        "Linear algebra at the top level",
        "nd",
        """
        khatri_rao linalg_det linalg_extractdiag linalg_extracttrian linalg_gelqf linalg_gemm linalg_gemm2
        linalg_inverse linalg_makediag linalg_maketrian linalg_potrf linalg_potri linalg_slogdet
        linalg_sumlogdiag linalg_syrk linalg_trmm linalg_trsm
        """,
    ),
    Family(
        "Arithmetic and comparison with broadcasting",
        "nd",
        """
        broadcast_add broadcast_axes broadcast_axis broadcast_div broadcast_equal broadcast_greater
        broadcast_greater_equal broadcast_hypot broadcast_lesser broadcast_lesser_equal broadcast_like
        broadcast_logical_and broadcast_logical_or broadcast_logical_xor broadcast_maximum broadcast_minimum
        broadcast_minus broadcast_mod broadcast_mul broadcast_not_equal broadcast_plus broadcast_power
        broadcast_sub broadcast_to
        """,
    ),
    Family(
        "Arithmetic of equal shapes",
        "nd",
        """
        add_n ElementWiseSum elemwise_add elemwise_div elemwise_mul elemwise_sub smooth_l1
        """,
    ),
    Family(
        "Layers",
        "nd",
        """
        Activation BatchNorm BatchNorm_v1 col2im Convolution Convolution_v1 Correlation Deconvolution Dropout
        Embedding FullyConnected GroupNorm hard_sigmoid im2col InstanceNorm L2Normalization LayerNorm
        LeakyReLU log_softmax LRN moments Pooling Pooling_v1 relu RNN sigmoid softmax Softmax
        softmax_cross_entropy SoftmaxActivation SoftmaxOutput softmin softsign UpSampling
        """,
    ),
    Family(
        "Losses and output heads",
        "nd",
        """
        BlockGrad ctc_loss CTCLoss IdentityAttachKLSparseReg LinearRegressionOutput LogisticRegressionOutput
        MAERegressionOutput make_loss MakeLoss stop_gradient SVMOutput
        """,
    ),
    Family(
        "Spatial operators",
        "nd",
        """
        BilinearSampler Crop GridGenerator ROIPooling SpatialTransformer
        """,
    ),
    Family(
        "Sequences",
        "nd",
        """
        SequenceLast SequenceMask SequenceReverse
        """,
    ),
    Family(
        "Reductions",
        "nd",
        """
        argmax argmax_channel argmin max max_axis mean min min_axis nanprod nansum norm prod sum sum_axis
        """,
    ),
    Family(
        "Sorting, searching, indexing",
        "nd",
        """
        argsort batch_take choose_element_0index fill_element_0index gather_nd one_hot pick ravel_multi_index
        scatter_nd sort take topk unravel_index where
        """,
    ),
    Family(
        "Shapes",
        "nd",
        """
        concat Concat crop depth_to_space diag expand_dims flatten Flatten flip pad Pad repeat reshape Reshape
        reshape_like reverse shape_array size_array slice slice_axis slice_like SliceChannel space_to_depth
        split squeeze stack swapaxes SwapAxis tile transpose
        """,
    ),
    Family(
        "Casts",
        "nd",
        """
        amp_cast amp_multicast cast Cast cast_storage
        """,
    ),
    Family(
        "Functions of one array",
        "nd",
        """
        abs arccos arccosh arcsin arcsinh arctan arctanh batch_dot cbrt ceil clip cos cosh cumsum Custom
        degrees dot erf erfinv exp expm1 fix floor gamma gammaln identity log log10 log1p log2 logical_not
        negative ones_like radians rcbrt reciprocal rint round rsqrt sign sin sinh sqrt square tan tanh trunc
        zeros_like
        """,
    ),
    Family(
        "contrib",
        "nd.contrib",
        """
        adamw_update AdaptiveAvgPooling2D allclose arange_like backward_gradientmultiplier backward_hawkesll
        backward_index_copy backward_quadratic BatchNormWithReLU BilinearResize2D bipartite_matching
        boolean_mask box_decode box_encode box_iou box_nms box_non_maximum_suppression calibrate_entropy cond
        count_sketch ctc_loss CTCLoss current_context DeformableConvolution DeformablePSROIPooling dequantize
        dgl_adjacency dgl_csr_neighbor_non_uniform_sample dgl_csr_neighbor_uniform_sample dgl_graph_compact
        dgl_subgraph div_sqrt_dim edge_id fft foreach getnnz gradientmultiplier group_adagrad_update hawkesll
        ifft index_array index_copy interleaved_matmul_encdec_qk interleaved_matmul_encdec_valatt
        interleaved_matmul_selfatt_qk interleaved_matmul_selfatt_valatt isfinite isinf isnan
        ModulatedDeformableConvolution mp_adamw_update multi_adamw_update multi_lamb_update
        multi_mp_adamw_update multi_mp_lamb_update MultiBoxDetection MultiBoxPrior MultiBoxTarget
        MultiProposal Proposal PSROIPooling quadratic quantize quantize_asym quantize_v2 quantized_act
        quantized_batch_norm quantized_concat quantized_conv quantized_elemwise_add quantized_elemwise_mul
        quantized_embedding quantized_flatten quantized_fully_connected quantized_pooling quantized_rnn
        rand_zipfian requantize ROIAlign round_ste RROIAlign sign_ste SparseEmbedding SyncBatchNorm uniform
        while_loop
        """,
    ),
    Family(
        "linalg",
        "nd.linalg",
        """
        det extractdiag extracttrian gelqf gemm gemm2 inverse makediag maketrian potrf potri slogdet
        sumlogdiag syevd syrk trmm trsm
        """,
    ),
    Family(
        "random",
        "nd.random",
        """
        exponential exponential_like gamma gamma_like generalized_negative_binomial
        generalized_negative_binomial_like multinomial negative_binomial negative_binomial_like normal
        normal_like poisson poisson_like randint randn shuffle uniform uniform_like
        """,
    ),
    Family(
        "Methods of an array",
        "NDArray",
        """
        abs arccos arccosh arcsin arcsinh arctan arctanh argmax argmax_channel argmin argsort as_in_context
        as_nd_ndarray as_np_ndarray asnumpy asscalar astype attach_grad backward broadcast_axes broadcast_like
        broadcast_to cbrt ceil clip context copy copyto cos cosh ctx degrees depth_to_space detach diag dtype
        exp expand_dims expm1 fix flatten flip floor grad handle log log10 log1p log2 log_softmax max mean min
        nanprod nansum ndim norm one_hot ones_like pad pick prod radians rcbrt reciprocal relu repeat reshape
        reshape_like rint round rsqrt shape shape_array sigmoid sign sin sinh size size_array slice
        slice_assign slice_assign_scalar slice_axis slice_like softmax softmin sort space_to_depth split
        split_v2 sqrt square squeeze stype sum swapaxes T take tan tanh tile to_dlpack_for_read
        to_dlpack_for_write topk tostype transpose trunc wait_to_read writable zeros_like
        """,
    ),
    Family(
        "np",
        "np",
        """
        abs absolute add all allclose alltrue amax amin any append apply_along_axis apply_over_axes arange
        arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argpartition argsort argwhere
        around array array_equal array_equiv array_split atleast_1d atleast_2d atleast_3d average bincount
        bitwise_and bitwise_not bitwise_or bitwise_xor blackman bool bool_ broadcast_arrays broadcast_to cbrt
        ceil choose clip column_stack compress concatenate copy copysign corrcoef correlate cos cosh
        count_nonzero cov cumsum deg2rad degrees delete diag diag_indices_from diagflat diagonal diff digitize
        divide divmod dot dsplit dstack ediff1d einsum empty empty_like equal exp expand_dims expm1 extract
        eye fabs finfo fix flatnonzero flip fliplr flipud float16 float32 float64 float_power floor frexp full
        full_like genfromtxt greater greater_equal hamming hanning heaviside histogram histogram2d
        histogram_bin_edges histogramdd hsplit hstack hypot i0 identity in1d indices inner insert int32 int64
        int8 interp intersect1d invert isclose isfinite isin isinf isnan isneginf isposinf ix_ lcm ldexp less
        less_equal lexsort linspace log log10 log1p log2 logical_not logspace matmul max maximum
        may_share_memory mean meshgrid min min_scalar_type minimum mirr mod modf moveaxis msort multiply
        nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax nanmedian nanmin nanpercentile nanprod
        nanquantile ndarray ndim negative nonzero not_equal npv ones ones_like outer packbits pad partition
        percentile piecewise poly polyadd polydiv polyfit polyint polymul polysub polyval positive power ppmt
        prod product promote_types ptp pv quantile rad2deg radians rate ravel real reciprocal remainder repeat
        reshape resize result_type rint roll rollaxis roots rot90 round round_ row_stack searchsorted select
        set_printoptions setdiff1d setxor1d shape shares_memory sign signbit sin sinh size sometrue sort
        spacing split sqrt square squeeze stack std subtract sum swapaxes take take_along_axis tan tanh
        tensordot tile trace transpose trapz tril tril_indices_from trim_zeros triu_indices_from true_divide
        trunc uint8 union1d unique unpackbits unravel_index unwrap vander var vdot vsplit vstack where zeros
        zeros_like
        """,
    ),
    Family(
        "np.linalg",
        "np.linalg",
        """
        cholesky cond det eig eigh eigvals eigvalsh inv lstsq matrix_power matrix_rank multi_dot norm pinv qr
        slogdet solve svd tensorinv tensorsolve
        """,
    ),
    Family(
        "np.random",
        "np.random",
        """
        beta chisquare choice exponential gamma gumbel logistic lognormal multinomial multivariate_normal
        normal pareto power rand randint randn rayleigh shuffle uniform weibull
        """,
    ),
    Family(
        "npx",
        "npx",
        """
        activation arange_like batch_dot batch_flatten batch_norm cast constraint_check Context convolution
        cpu cpu_pinned current_context deconvolution dropout embedding erf erfinv fully_connected gamma
        gammaln gather_nd get_cuda_compute_capability gpu gpu_memory_info is_np_array is_np_shape layer_norm
        leaky_relu load log_softmax multibox_detection multibox_prior multibox_target nonzero num_gpus one_hot
        pick pooling relu reset_np reshape reshape_like rnn roi_pooling save sequence_mask set_np shape_array
        sigmoid slice smooth_l1 softmax topk waitall
        """,
    ),
]

# MXNet's name, with the namespace of its family -> where it is.
ELSEWHERE: dict[str, str] = {
    "nd.contrib.backward_gradientmultiplier": "nd.contrib.gradientmultiplier",
    "nd.contrib.backward_index_copy": "nd.contrib.index_copy",
    "nd.contrib.backward_quadratic": "nd.contrib.quadratic",
    "np.msort": "np.sort",
    "np.product": "np.prod",
    "np.sometrue": "np.any",
}

_FINANCE = "NumPy itself took its financial functions out; the package numpy_financial has them."
_GRAPHS = "It served the library DGL, which has samplers of its own."
_INT8 = "Weights are quantized by dlcore.compress.quantize_weights; products of int8 arrays are not offered."
_REGIONS = "Of the poolings of regions ROIPooling and ROIAlign are offered, this variant is not."
_PROPOSAL = "Its parts are here: box_decode, clip and box_nms make the proposals of a region network."

# Reasons, by name.
ABSENT: dict[str, str] = {
    "NDArray.handle": "A pointer of MXNet's C interface; memory is passed on by DLPack (x.__dlpack__).",
    "NDArray.writable": "A write into a read-only array raises a ValueError that says so.",
    **{
        f"nd.contrib.{n}": _GRAPHS
        for n in (
            "dgl_adjacency",
            "dgl_csr_neighbor_non_uniform_sample",
            "dgl_csr_neighbor_uniform_sample",
            "dgl_graph_compact",
            "dgl_subgraph",
            "edge_id",
        )
    },
    **{
        f"nd.contrib.{n}": _INT8
        for n in (
            "quantize_asym",
            "quantized_act",
            "quantized_batch_norm",
            "quantized_concat",
            "quantized_conv",
            "quantized_elemwise_add",
            "quantized_elemwise_mul",
            "quantized_embedding",
            "quantized_flatten",
            "quantized_fully_connected",
            "quantized_pooling",
            "quantized_rnn",
        )
    },
    **{f"nd.contrib.{n}": _REGIONS for n in ("DeformablePSROIPooling", "PSROIPooling", "RROIAlign")},
    **{f"nd.contrib.{n}": _PROPOSAL for n in ("MultiProposal", "Proposal")},
    "nd.contrib.calibrate_entropy": "Ranges are not calibrated by entropy: quantize_v2 takes those of the numbers.",
    "nd.contrib.hawkesll": "The likelihood of Hawkes processes is a model, not an operator; foreach writes it.",
    "nd.contrib.backward_hawkesll": "The gradient of a function that is not offered either.",
    **{f"np.{n}": _FINANCE for n in ("mirr", "npv", "ppmt", "pv", "rate")},
}
