"""Import: a file is looked at first, then read by a worker; what cannot be used is listed."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.importing.formats import FORMAT_NAMES
from core.importing.limits import megabytes
from core.importing.preview import preview
from core.importing.shapes import SHAPES
from core.workflows.curation import importing
from pages.components import errors, page, session
from pages.components.progress import progress
from pages.components.upload import on_disk, upload_limits
from pages.curation.column_mapping import about_file, choose_mapping, how_many
from pages.curation.import_result import earlier, result

FORM, ROUND = "import", "import round"


def main() -> None:
    """Draw the import that the address names, or a place for a file; then the earlier ones."""
    page.head("Import", f"Bring examples in from a {FORMAT_NAMES} file; nothing is stored unseen.")
    project_id = session.project().project_id
    wished = st.query_params.get("import")
    if wished and progress(wished):
        return
    imports = importing.imports_of(session.store(), session.actor(), project_id)
    found = next((one for one in imports if one.import_id == wished), None)
    if found is not None:
        result(found)
        if st.button("Import another file", icon=":material/upload:"):
            del st.query_params["import"]
            st.rerun()
    else:
        look_at_a_file(project_id)
    if (chosen := earlier(imports)) and chosen != wished:
        st.query_params["import"] = chosen
        st.rerun()


def look_at_a_file(project_id: str) -> None:
    """Upload, see what would become of it, and start."""
    uploaded = st.file_uploader("File with examples", key=f"import_file_{session.recall(ROUND, 0)}")
    if uploaded is None:
        hints()
        return
    limits, schema = upload_limits(), session.project().settings.label_schema
    try:
        path = on_disk(uploaded)
        detected = preview(path, limits=limits, schema=schema)
    except TouchstoneError as error:
        errors.show(error)
        return
    st.caption("Nothing is stored yet.")
    about_file(detected, uploaded.name, uploaded.size)
    seen, allow_empty = choose_mapping(path, detected, limits, schema)
    as_accepted = session.actor().has(project_id, "lead") and st.checkbox(
        "Import as accepted",
        help="For data that is trusted already: nobody annotates or reviews it first, however many "
        "reviewers the project wants. Records that their metadata calls synthetic wait for a "
        "person all the same.",
    )
    pressed = st.button(
        f"Import {how_many(seen)} examples", type="primary", disabled=seen.mapping is None
    )
    if not pressed or seen.mapping is None:
        return
    try:
        import_id = importing.start_import(
            session.store(), session.actor(), project_id, path, uploaded.name,
            seen.mapping.to_json(), allow_empty_output=allow_empty,
            import_id=f"imp_{session.submission_id(FORM)}", limits=limits,
            entered_as="accepted" if as_accepted else "new",
        )  # fmt: skip
    except TouchstoneError as error:
        errors.show(error)
        return
    session.submitted(FORM)
    session.remember(ROUND, session.recall(ROUND, 0) + 1)
    st.query_params["import"] = import_id
    st.rerun()


def hints() -> None:
    """What kinds of records are understood, and the way for larger files."""
    with st.expander("Record formats and file size"):
        st.markdown("\n".join(f"- {one.label}" for one in SHAPES))
        st.caption("Other columns are chosen after the upload; what is left over is metadata.")
        size = megabytes(upload_limits().file_bytes)
        st.caption(f"Uploads may have up to {size}. Larger files, and dataset folders:")
        st.code("touchstone import FILE --project NAME", language=None)


main()
