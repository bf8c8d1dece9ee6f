"""The Streamlit pages over the published marts. They read one build at a time and write nothing."""
