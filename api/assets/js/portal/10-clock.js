// Countdowns: from the server's expires_at and the server's clock, whatever this phone says.
const two = (n) => String(n).padStart(2, "0");
const LAST_MINUTES = 180;
const SAID = { 300: "Quedan 5 minutos para transferir y enviar tu constancia.", 60: "Queda 1 minuto.", 0: "El tiempo terminó." };
let over = false;

function tick() {
  document.querySelectorAll("[data-until]").forEach((clock) => {
    const left = Math.max(0, Math.floor((Date.parse(clock.dataset.until) - window.portal.now()) / 1000));
    const hours = Math.floor(left / 3600);
    clock.querySelector("b").textContent = hours ? `${hours} h ${two(Math.floor((left % 3600) / 60))}` : `${two(Math.floor(left / 60))}:${two(left % 60)}`;
    clock.querySelector(".arc").setAttribute("stroke-dasharray", `${Math.min(100, (left / Number(clock.dataset.total)) * 100)} 100`);
    clock.classList.toggle("is-hot", left < LAST_MINUTES);
    const place = document.querySelector("[data-clock-said]");
    if (place && left in SAID && place.textContent !== SAID[left]) place.textContent = SAID[left];
    // The house closes it; a moment later the page asks what became of it.
    if (left === 0 && !over) { over = true; setTimeout(() => document.dispatchEvent(new CustomEvent("leer")), 2500); }
  });
}
tick();
setInterval(tick, 1000);
