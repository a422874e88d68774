"""One file for each page of the browser UI; Streamlit runs them as scripts."""
