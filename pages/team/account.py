"""Your account: the password, and the sessions on other devices."""

from __future__ import annotations

import streamlit as st

from core.accounts import PASSWORD_RULE, SignInRefused
from core.errors import InvalidInput, TouchstoneError
from core.workflows.team.accounts import change_password
from core.workflows.team.sessions import sign_out_everywhere
from pages.components import errors, page, session

actor = session.actor()
page.head("Your account", f"How {errors.escaped(actor.name)} signs in.")

with st.form("change_password", width=480):
    st.subheader("Change your password", anchor=False)
    current = st.text_input("Current password", type="password", autocomplete="current-password")
    new = st.text_input(
        "New password",
        type="password",
        autocomplete="new-password",
        help=PASSWORD_RULE,
    )
    again = st.text_input("Repeat the new password", type="password", autocomplete="new-password")
    if st.form_submit_button("Change password", type="primary"):
        try:
            if new != again:
                raise InvalidInput("The two new passwords differ. Enter the same one twice.")
            change_password(session.store(), actor, current, new, keep=session.token())
        except TouchstoneError as error:
            refused = type(error) is SignInRefused
            title = "The password was not changed" if refused else error.title
            errors.tell(title, error.message)
        else:
            st.success("The password is changed. Your other sessions have ended.")

with st.container(border=True, width=480):
    st.subheader("Other devices", anchor=False)
    st.write("Ends every other session of yours, such as one on a computer you no longer use.")
    if st.button("Sign out everywhere else"):
        ended = sign_out_everywhere(session.store(), actor, keep=session.token())
        st.success(
            f"{page.counted(ended, 'other session')} ended."
            if ended
            else "No other session was open."
        )
