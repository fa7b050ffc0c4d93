"""The page: its tabs, forms and endpoints. Gradio is imported only here and in `app.server`."""
