"""The HTML of the pages before signing in: small, without a script, everything escaped."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from core.accounts import LONGEST_NAME, LONGEST_PASSWORD, PASSWORD_RULE, Invitation
from core.errors import TouchstoneError

FRAME = Template((Path(__file__).parent / "sign_in.html").read_text(encoding="utf-8"))


def login_page(wanted: str, error: TouchstoneError | None = None, name: str = "") -> str:
    """The sign-in form; after a failure the name stays and the cursor waits in the password."""
    form = (
        f'<form method="post" action="/login?next={quote(wanted, safe="")}">'
        + _hidden("next", wanted)
        + _field("name", "Name", value=name, autocomplete="username", focus=not name)
        + _field("password", "Password", secret="current-password", focus=bool(name))
        + "<button>Sign in</button></form>"
    )
    sentence = "Sign in to annotate, review, train and rate."
    return _frame("Sign in", sentence, form, error)


def setup_page(token: str, error: TouchstoneError | None = None, name: str = "") -> str:
    """The form that makes the first admin."""
    form = _account_form("/setup", token, name, "Create the first admin")
    sentence = "You are the first here. Choose how you will sign in; you can add others later."
    return _frame("Set up Touchstone", sentence, form, error)


def invite_page(
    token: str, invitation: Invitation, error: TouchstoneError | None = None, name: str = ""
) -> str:
    """The form with which an invited person makes an account."""
    form = _account_form("/invite", token, name, "Create account and join")
    sentence = (
        f"{invitation.inviter} invites you to “{invitation.project}” as {invitation.role}. "
        "Choose how you will sign in."
    )
    return _frame("Join Touchstone", sentence, form, error)


def _account_form(action: str, token: str, name: str, button: str) -> str:
    return (
        f'<form method="post" action="{action}">'
        + _hidden("token", token)
        + _field("name", "Your name", value=name, autocomplete="username", focus=not name)
        + _field(
            "password",
            "Password",
            secret="new-password",
            hint=PASSWORD_RULE,
            focus=bool(name),
        )
        + _field("again", "The password again", secret="new-password")
        + f"<button>{escape(button)}</button></form>"
    )


def void_link_page(error: TouchstoneError) -> str:
    """What a used or unknown link leads to."""
    return _frame("This link is no longer valid", error.message, _link("/login", "Go to sign in"))


def not_set_up_page() -> str:
    """What signing in looks like while nobody can."""
    sentence = (
        "Nobody can sign in yet. Open the set-up link that the server printed in its terminal; "
        "if it is lost, start the server again and it prints a new one."
    )
    return _frame("Set up Touchstone first", sentence, "")


def _frame(title: str, sentence: str, form: str, error: TouchstoneError | None = None) -> str:
    told = ""
    if error is not None:
        text = f"<strong>{escape(error.title)}.</strong> {escape(error.message)}"
        told = f'<p class="error" role="alert">{text}</p>'
    return FRAME.substitute(title=escape(title), sentence=escape(sentence), error=told, form=form)


def _field(
    name: str,
    label: str,
    *,
    value: str = "",
    autocomplete: str = "off",
    secret: str = "",
    hint: str = "",
    focus: bool = False,
) -> str:
    kind, longest = ("password", LONGEST_PASSWORD) if secret else ("text", LONGEST_NAME)
    described = f' aria-describedby="{name}-hint"' if hint else ""
    told = f'<small id="{name}-hint">{escape(hint)}</small>' if hint else ""
    return (
        f'<label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}" required '
        f'maxlength="{longest}" autocomplete="{secret or autocomplete}"{described} '
        f'autocapitalize="none" spellcheck="false"{" autofocus" if focus else ""}>{told}'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _link(path: str, text: str) -> str:
    return f'<p><a class="button" href="{escape(path)}">{escape(text)}</a></p>'
