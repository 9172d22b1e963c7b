// Countdowns and times in process: all from the server's instants and the server's clock, whatever this machine says.
const offset = Date.parse(window.panel.meta("ahora")) - Date.now() || 0;
const now = () => Date.now() + offset;
const two = (n) => String(n).padStart(2, "0");
const HOT = 180;

window.panel.now = now;

function written(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 3600) return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tone(clock, name) {
  if (!clock || clock.classList.contains(`st-${name}`)) return;
  clock.className = `clock st-${name}${name === "alerta" ? " clock-hot" : ""}`;
}

function tick() {
  const at = now();
  document.querySelectorAll("time[data-until]").forEach((time) => {
    const left = (Date.parse(time.dataset.until) - at) / 1000;
    put(time, written(left));
    tone(time.closest("[data-clock]"), left < HOT ? "alerta" : "pendiente");
  });
  document.querySelectorAll("time[data-since]").forEach((time) => {
    const gone = (at - Date.parse(time.dataset.since)) / 1000;
    put(time, written(gone));
    if (time.dataset.alert) tone(time.closest("[data-clock]"), gone >= Number(time.dataset.alert) ? "alerta" : "proceso");
  });
  document.querySelectorAll("progress[data-bar-until]").forEach((bar) => {
    bar.value = Math.max(0, (Date.parse(bar.dataset.barUntil) - at) / 1000);
  });
  document.querySelectorAll("progress[data-bar-since]").forEach((bar) => {
    bar.value = (at - Date.parse(bar.dataset.barSince)) / 1000;
  });
  document.querySelectorAll("time[data-now]").forEach((time) => put(time, heading(at)));
}

const DAY = new Intl.DateTimeFormat("es-PE", { timeZone: "America/Lima", weekday: "short" });
const DATE = new Intl.DateTimeFormat("es-PE", { timeZone: "America/Lima", day: "2-digit", month: "2-digit", year: "numeric" });
const HOUR = new Intl.DateTimeFormat("es-PE", { timeZone: "America/Lima", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function heading(at) {
  const day = DAY.format(at).replace(".", "");
  return `${day[0].toUpperCase()}${day.slice(1)}. ${DATE.format(at)} · ${HOUR.format(at)}`;
}

setInterval(tick, 1000);
