"""What clients ask most, with the house's answer."""

QUESTIONS = (
    (
        "¿Qué pasa si el dólar sube mientras transfiero?",
        (
            "Nada. Tu tipo de cambio queda fijo desde que confirmas hasta la hora que ves en tu operación. Solo si "
            "esa hora llega antes de tu constancia, la operación expira sin costo y vuelves a cotizar."
        ),
    ),
    (
        "¿Cuánto demora en llegar mi dinero?",
        (
            "En horario de atención te pagamos apenas verificamos tu abono. Dentro de un mismo banco lo vemos casi al "
            "instante; desde otros bancos depende de la transferencia interbancaria: puede tomar un día hábil."
        ),
    ),
    (
        "¿Cobran comisión?",
        (
            "No. Ganamos con la diferencia entre compra y venta. Tu banco puede cobrarte por una transferencia "
            "interbancaria."
        ),
    ),
    (
        "¿Por qué me piden fotos de mi documento?",
        (
            "La ley nos obliga a conocer a nuestros clientes. Con tus documentos aprobados puedes cambiar sin límite "
            "de monto acumulado."
        ),
    ),
    (
        "¿Puedo cancelar?",
        (
            "Sí, mientras no hayas transferido. Si ya transferiste, envía tu constancia o escríbenos: te devolvemos el "
            "dinero a la misma cuenta."
        ),
    ),
    (
        "¿Puedo recibir el dinero en la cuenta de otra persona?",
        (
            "No. Transfieres desde una cuenta tuya y te pagamos a otra cuenta tuya. Así cuidamos tu dinero y cumplimos "
            "la ley."
        ),
    ),
    (
        "¿Y si transfiero fuera del horario de atención?",
        "Puedes crear tu operación y transferir a cualquier hora. La verificamos y te pagamos desde que abrimos.",
    ),
    (
        "¿Para qué sirve mi código de referido?",
        (
            "Compártelo: quien lo usa mejora el tipo de cambio de su primera operación, y tú ganas pips cada vez que "
            "completa una. Con tus pips creas cupones para regalar."
        ),
    ),
)
