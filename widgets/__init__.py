"""What a notebook shows that lives: one folder a widget, installed as dlcore.widgets.

Here: `<widget>/model.py` (the Python side, an anywidget), `widget.js` and `widget.css` (the browser side), `static.py`
(the picture that stays when no kernel is there), and `build.py`, which bundles the scripts into `bundle.js`.
Not here: training, arrays, magics. A widget imports dlcore, shows what it finds there and sends back what a person
does; nothing in dlcore imports a widget. Next: `loss_chart/__init__.py`.
"""
