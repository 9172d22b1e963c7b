// Proofs and papers: chosen from the camera or a file, seen, taken away again, sent with their progress.
const LIMIT = 10 * 1024 * 1024;
const { notice } = window.portal;
const size = (bytes) => (bytes > 1e6 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} kB`);

function fits(file) {
  if (file.size <= LIMIT) return true;
  notice("circle-alert", `El archivo pesa ${size(file.size)}. El máximo es 10 MB. Prueba con una captura de pantalla.`, "error");
  return false;
}

function put(input, files) {
  const all = new DataTransfer();
  files.forEach((file) => all.items.add(file));
  input.files = all.files;
}

function draw(form) {
  const input = form.querySelector("[data-files]");
  const list = form.querySelector("[data-list]");
  list.replaceChildren(...[...input.files].map((file, place) => {
    const item = document.getElementById("archivo").content.firstElementChild.cloneNode(true);
    const [name, about] = item.querySelectorAll("p");
    name.textContent = file.name;
    about.textContent = size(file.size);
    if (file.type.startsWith("image/") && !file.type.includes("heic")) {
      const picture = new Image();
      picture.src = URL.createObjectURL(file);
      picture.alt = "";
      item.querySelector(".file-thumb").replaceChildren(picture);
    }
    const remove = item.querySelector("[data-remove]");
    remove.setAttribute("aria-label", `Quitar ${file.name}`);
    remove.addEventListener("click", () => { put(input, [...input.files].filter((_, other) => other !== place)); draw(form); });
    return item;
  }));
}

document.addEventListener("change", (event) => picked(event.target));
// What was chosen before this program was there.
document.querySelectorAll("[data-pick], [data-one-pick]").forEach((pick) => { if (pick.files.length) picked(pick); });

function picked(pick) {
  if (pick.matches("[data-pick]")) {
    const form = pick.closest("form");
    const input = form.querySelector("[data-files]");
    const all = [...input.files, ...[...pick.files].filter(fits)];
    const most = Number(form.dataset.most);
    if (all.length > most) notice("circle-alert", `Como máximo ${most} archivos.`, "error");
    put(input, all.slice(0, most));
    pick.value = "";
    draw(form);
  }
  if (pick.matches("[data-one-pick]")) one(pick);
}

function one(pick) {
  const [file] = pick.files;
  if (!file || !fits(file)) return;
  const part = pick.closest("section");
  put(part.querySelector("[data-one-file]"), [file]);
  const said = part.querySelector("[data-one-said]");
  said.hidden = false;
  said.querySelector("span").textContent = `Lista para enviar · ${size(file.size)}`;
  const shot = part.querySelector("[data-shot]");
  if (shot && file.type.startsWith("image/")) {
    shot.src = URL.createObjectURL(file);
    shot.hidden = false;
    part.querySelector("[data-shot-said]").textContent = "";
  }
}

// A double click, or a page that is left while sending, sends nothing twice: the form's own key says so.
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = event.target.querySelector?.("[data-progress]");
  if (!bar || !event.detail.lengthComputable) return;
  const percent = Math.round((event.detail.loaded / event.detail.total) * 100);
  bar.hidden = false;
  bar.querySelector("progress").value = percent;
  bar.querySelector("[data-percent]").textContent = percent < 100 ? `${percent} %` : "Guardando…";
});
document.addEventListener("paste", (event) => {
  const form = document.querySelector("form[data-upload]");
  if (!form || !event.clipboardData?.files.length) return;
  event.preventDefault();
  const input = form.querySelector("[data-files]");
  put(input, [...input.files, ...event.clipboardData.files].filter(fits).slice(0, Number(form.dataset.most)));
  draw(form);
});
