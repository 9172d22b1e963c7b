"""A mail is sent again only while it is true."""

from domain.operations import State
from domain.resends import why_not_again


def test_a_mail_is_sent_again_only_while_it_tells_the_state_of_its_operation():
    assert why_not_again("creada", channel="correo", state=State.PENDIENTE) == ""
    assert "ya avanzó" in why_not_again("creada", channel="correo", state=State.COMPLETADA)
    assert why_not_again("comprobante", channel="correo", state=State.COMPLETADA) == ""
    assert why_not_again("nota_credito", channel="correo", state=State.COMPLETADA) == ""


def test_a_push_a_secret_and_a_mail_of_the_house_are_not_sent_again():
    assert why_not_again("creada", channel="push", state=State.PENDIENTE)
    assert "se borró" in why_not_again("contrasena_temporal", channel="correo", state=None)
    assert why_not_again("reclamo_casa", channel="correo", state=None)
    assert why_not_again("bienvenida", channel="correo", state=None) == ""
