// The page moves by itself: what the house tells over its sockets makes it read itself again; rates change in place.
const { meta, notice, now } = window.portal;
// What the client's notices hold (domain/notifications.py): the bell counts it, and the page reads itself again.
const NEWS = ["nueva_operacion", "operacion_cliente_actualizada", "alerta_tipo_cambio", "documents_approved", "cliente_actualizado", "documento_observado", "comprobante_emitido", "comprobante_anulado", "clave_cambiada"];
let reading = false;
let again = false;

// A page that somebody is filling in stays as it is while nothing changed on the server. What is told while the page is
// being read may be too late for that reading, so it is read once more.
async function refresh() {
  const main = document.getElementById("contenido");
  if (!("follow" in main.dataset)) return;
  again = true;
  if (reading) return;
  reading = true;
  try {
    while (again) {
      again = false;
      const answer = await fetch(location.href, { headers: { "X-Fondo": "1" } });
      if (answer.redirected) { location.reload(); return; }
      if (answer.ok) place(main, new DOMParser().parseFromString(await answer.text(), "text/html"));
    }
  } catch { /* the line is lost: the page says so, and reads again when it is back */ }
  reading = false;
}

function place(main, fresh) {
  const part = fresh.getElementById("contenido");
  const [before, after] = [main, part].map((one) => one.querySelector("[data-stamp]")?.dataset.stamp);
  if (before && before === after) return;
  if (document.querySelector("dialog[open]") && before === undefined) return;
  document.title = fresh.title;
  Idiomorph.morph(main, part.innerHTML, { morphStyle: "innerHTML", ignoreActiveValue: true });
  htmx.process(main);
  document.dispatchEvent(new CustomEvent("partes"));
}
document.addEventListener("leer", refresh);

function rates(told) {
  for (const side of ["compra", "venta"]) {
    document.querySelectorAll(`[data-rate="${side}"]`).forEach((shown) => {
      const text = Number(told[side]).toFixed(4);
      if (shown.textContent === text) return;
      shown.textContent = text;
      shown.classList.remove("is-new");
      requestAnimationFrame(() => shown.classList.add("is-new"));
    });
  }
  document.querySelectorAll("[data-rate-at]").forEach((time) => { time.textContent = `a las ${HOUR.format(now())}`; });
  document.dispatchEvent(new CustomEvent("tasas", { detail: told }));
}
const HOUR = new Intl.DateTimeFormat("es-PE", { timeZone: "America/Lima", hour: "numeric", minute: "2-digit", second: "2-digit", hour12: true });

// Whoever is confirming hears that the price moved before pressing, and the button says so.
document.addEventListener("tasas", ({ detail }) => {
  const watched = document.querySelector("#contenido[data-watch-rate]")?.dataset.watchRate;
  const said = document.querySelector("[data-moved]");
  if (!watched || !said) return;
  said.textContent = `El tipo de cambio cambió a ${Number(detail[watched]).toFixed(4)}. Al confirmar te mostramos el nuevo monto.`;
  said.hidden = false;
});

function line(on) {
  document.querySelector("[data-offline]").hidden = on;
  document.body.classList.toggle("is-old", !on);
}

function listen() {
  const socket = io({ transports: ["websocket"], withCredentials: true });
  let cut = false;
  let last = 0;
  socket.on("connect", () => {
    line(true);
    // Also what was told between the writing of this page and the opening of its line: on a slow one, seconds.
    socket.emit("missed", last ? { last_id: last } : { since: meta("ahora") });
    if (!cut) return;
    refresh();
    document.dispatchEvent(new CustomEvent("novedad"));
  });
  socket.on("disconnect", (why) => {
    cut = true;
    // The server closed it: this session is over, and the page finds out by reading.
    if (why === "io server disconnect") location.reload();
    else if (document.visibilityState === "visible") setTimeout(() => { if (!socket.connected) line(false); }, 3000);
  });
  socket.onAny((event, told) => {
    const news = window.heardFirst(told);
    last = Math.max(last, told?.notification_id ?? 0);
    if (event === "tipos_cambio_actualizados") rates(told);
    if (event === "alerta_tipo_cambio" && news) notice("bell-ring", told.message ?? "El tipo de cambio llegó a tu alerta.");
    if (!NEWS.includes(event)) return;
    document.dispatchEvent(new CustomEvent("novedad"));
    const only = document.getElementById("contenido").dataset.code;
    if (!only || only === told.operation_id) refresh();
  });
}
listen();
addEventListener("offline", () => line(false));
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { refresh(); navigator.clearAppBadge?.(); } });
