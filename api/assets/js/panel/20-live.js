// The page moves by itself: what the house tells over its sockets makes the live parts be read again.
const { meta, notice, background } = window.panel;
const live = document.querySelector("[data-live]");
const MOVES = [
  "nueva_operacion", "operacion_actualizada", "operacion_en_proceso", "operacion_completada", "operacion_cancelada",
  "operacion_expirada", "operacion_retenida", "operacion_asignada", "operacion_reasignada_removida", "operacion_demorada",
  "posicion_limite",
];
let reading = false;
let again = false;

async function refresh() {
  if (!live) return;
  if (reading) { again = true; return; }
  reading = true;
  try {
    const answer = await fetch(live.dataset.live, { headers: { ...background, "X-Partes": "1", "X-Visible": document.visibilityState === "visible" ? "1" : "" } });
    if (answer.status === 401) { location.reload(); return; }
    if (answer.ok) place(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the socket says that the connection is lost, and reads again when it is back */ }
  reading = false;
  if (again) { again = false; refresh(); }
}

// A part that somebody is editing stays as it is; the page says that there is something newer.
function place(fresh) {
  const before = new Set([...document.querySelectorAll("[data-card]")].map((card) => card.id));
  fresh.querySelectorAll("[data-part]").forEach((part) => {
    const shown = document.getElementById(part.id);
    if (!shown || shown.outerHTML === part.outerHTML) return;
    if (part.dataset.stamp && part.dataset.stamp === shown.dataset.stamp) return;
    if (shown.querySelector("[data-dirty]")) { shown.dispatchEvent(new CustomEvent("hay-nuevo", { bubbles: true })); return; }
    if ("morph" in part.dataset) Idiomorph.morph(shown, part, { morphStyle: "outerHTML", ignoreActiveValue: true });
    else shown.replaceWith(part);
    htmx.process(document.getElementById(part.id));
  });
  if (before.size) {
    document.querySelectorAll("[data-card]").forEach((card) => { if (!before.has(card.id)) card.classList.add("is-new"); });
  }
  document.dispatchEvent(new CustomEvent("partes"));
}

window.panel.refresh = refresh;
document.addEventListener("leer", refresh);

function connected(on) {
  const sign = document.getElementById("conexion");
  if (!sign) return;
  sign.classList.toggle("is-off", !on);
  sign.title = on ? "Lo que pasa llega al instante" : "Ves lo último que llegó";
  sign.querySelector("use").setAttribute("href", `${meta("iconos")}#${on ? "wifi" : "wifi-off"}`);
  sign.querySelector("span").textContent = on ? "En vivo" : "Sin conexión";
}

function listen() {
  const socket = io({ transports: ["websocket"], withCredentials: true });
  let cut = false;
  let last = 0;
  socket.on("connect", () => {
    connected(true);
    document.dispatchEvent(new CustomEvent("enchufe", { detail: socket }));
    // Also what was told between the writing of this page and the opening of its line: on a slow one, seconds.
    socket.emit("missed", last ? { last_id: last } : { since: meta("ahora") });
    if (cut) refresh();
  });
  socket.on("disconnect", (why) => {
    cut = true;
    connected(false);
    // The server closed it: this session is over, and the page finds out by reading.
    if (why === "io server disconnect") refresh();
  });
  socket.on("connect_error", () => connected(false));
  socket.onAny((event, told) => {
    const news = window.heardFirst(told);
    last = Math.max(last, told?.notification_id ?? 0);
    if (MOVES.includes(event)) moved(event, told, news);
    document.dispatchEvent(new CustomEvent("casa", { detail: { event, told, news } }));
    if (event === "tipos_cambio_actualizados") document.body.dispatchEvent(new CustomEvent("tasas"));
  });
}

function moved(event, told, news) {
  const only = live?.dataset.code;
  if (!only || only === told.operation_id) refresh();
  if (!news) return;
  if (event === "operacion_asignada") {
    notice({ tone: "proceso", icon: "refresh-cw", title: `${told.operation_id} es tuya`, text: "Está En proceso y espera tu pago." });
  }
  if (event === "operacion_demorada") late(told);
}

// Ten minutes in process: said once, by whichever tab of this person hears it first.
function late(told) {
  const key = `qoricash_demora_${told.notification_id}`;
  const title = told.title ?? told.operation_id;
  notice({ tone: "alerta", icon: "alarm-clock", title, text: told.message ?? "" });
  if (localStorage.getItem(SOUND) !== "si" || localStorage.getItem(key)) return;
  localStorage.setItem(key, "1");
  beep();
  if (window.Notification?.permission === "granted") new Notification(title, { body: told.message ?? "", tag: key });
}

function beep() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.12, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.5);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.5);
}

const SOUND = "qoricash_sonido";
const shown = () => document.querySelectorAll("[data-alerts-state]").forEach((place) => {
  place.textContent = localStorage.getItem(SOUND) === "si" ? "Sí" : "No";
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-alerts]")) return;
  const on = localStorage.getItem(SOUND) !== "si";
  localStorage.setItem(SOUND, on ? "si" : "no");
  if (on) { beep(); window.Notification?.requestPermission(); }
  shown();
});
shown();

if (meta("yo")) {
  listen();
  follow();
}

// A screen that hears of nothing (its role is told of little) still follows the house; one that waits for a
// comprobante or a mail to leave looks more often.
function follow() {
  const every = document.querySelector("[data-awaits]") ? 3 : Number(live?.dataset.every ?? 60);
  setTimeout(async () => {
    if (document.visibilityState === "visible") await refresh();
    follow();
  }, every * 1000);
}
