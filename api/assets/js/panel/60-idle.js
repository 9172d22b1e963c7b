// Ten minutes without a person end a session. The page warns a minute before, and tells the house that somebody is here.
const seconds = Number(window.panel.meta("inactividad"));
const SEEN = "qoricash_actividad";
const WARN = 60;
let told = Date.now();

if (seconds) {
  const warning = document.getElementById("inactividad");
  const used = () => localStorage.setItem(SEEN, Date.now());
  const here = () => fetch("/panel/sesion", { method: "POST", headers: { "X-CSRF-Token": window.panel.meta("csrf") } });

  used();
  ["pointerdown", "keydown", "wheel", "touchstart"].forEach((event) =>
    document.addEventListener(event, () => { if (!warning.open) used(); }, { passive: true }));
  warning.addEventListener("close", () => { used(); told = 0; });
  document.querySelector("[data-stay]").addEventListener("click", () => warning.close());

  setInterval(() => {
    const last = Number(localStorage.getItem(SEEN) ?? Date.now());
    const left = seconds - (Date.now() - last) / 1000;
    if (left <= 0) { location.reload(); return; }
    if (left <= WARN && !warning.open) warning.showModal();
    // Another tab of this person goes on being used.
    if (left > WARN && warning.open) warning.close();
    warning.querySelector("[data-idle-left]").textContent = `00:${String(Math.floor(left)).padStart(2, "0")}`;
    if (last > told && Date.now() - told > 60000) { told = Date.now(); here(); }
  }, 1000);
}
