"""The browser UI: Streamlit over kb and ingest."""
