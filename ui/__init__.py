"""The page: ask, read the cited answer, and read the source beside it.

`app` is what Streamlit runs and `ask` its one page; `launch` says how it is started. `safe` is the one rule for
text that others wrote, `shared_library` the one library of a server, `session` whether
its reader is still there, `answer_data` turns an answer into what
`answer_component` shows.
"""
