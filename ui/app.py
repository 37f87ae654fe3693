"""What `streamlit run` starts: the frame around the pages. Start it with `ui.launch.command`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

st.set_page_config(page_title="Pullquote", page_icon=str(_HERE / "mark.svg"), layout="wide")
st.logo(str(_HERE / "mark.svg"), size="large")
st.html(_HERE / "page.css")
st.navigation(
    [
        st.Page(_HERE / "ask.py", title="Ask", default=True),
        st.Page(_HERE / "consensus.py", title="Consensus"),
        st.Page(_HERE / "compare.py", title="Compare"),
        st.Page(_HERE / "library.py", title="Library"),
        st.Page(_HERE / "evaluations.py", title="Evaluations"),
        st.Page(_HERE / "settings.py", title="Settings"),
    ],
    position="top",
).run()
