"""The pages: ask and read the source beside the answer, sum up, compare, keep the library, look at evaluations.

`app` is what Streamlit runs, `launch` how it is started, `frame` what every page shares: `ask`, `consensus`, `compare`,
`library` (with `adding`, `upload`, `review_table`), `evaluations` (`evaluated`) and `settings` (`in_use`).

`safe` is the one rule for text that others wrote; `messages` and `messages_library` make all HTML. `shared_library` is
the one library of a server, `session` whether its reader is still there, `writing` an answer that a model is at.
`answer_data` and `consensus_data` turn what the library says into what `answer_component` shows; `charts` draws.
"""
