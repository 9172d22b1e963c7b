// What Middle Office hears of while it works elsewhere: a number to look at, and nothing that names anybody.
const { notice, refresh } = window.panel;
const TOLD = {
  alerta_cumplimiento: (told) => ["pendiente", "shield-alert", "Alerta de cumplimiento", `Caso ${told.case_id}`],
  ros_por_vencer: (told) => ["pendiente", "alarm-clock", "El ROS está por vencer", `Caso ${told.case_id}`],
  ros_vencido: (told) => ["alerta", "alarm-clock", "Venció el plazo del ROS", `Caso ${told.case_id}`],
  reclamo_recibido: () => ["proceso", "book-open-check", "Hoja nueva en el Libro de Reclamaciones", "Mírala en Reclamos."],
  reclamo_por_vencer: () => ["alerta", "book-open-check", "Un reclamo está por vencer", "Respóndelo hoy."],
  documentos_recibidos: () => ["proceso", "user-round-check", "Llegaron documentos", "Hay un cliente por revisar en KYC."],
};
// How far a long act has come, in the dialog that asked for it.
document.addEventListener("casa", ({ detail: { event, told } }) => {
  const said = event === "avance" && document.querySelector("#dialogo [data-progress]");
  if (!said) return;
  said.hidden = false;
  said.querySelector("progress").value = told.percent;
  said.querySelector("output").textContent = `${told.percent} %`;
});
document.addEventListener("casa", ({ detail: { event, told, news } }) => {
  if (!TOLD[event]) return;
  const [tone, icon, title, text] = TOLD[event](told);
  if (news) notice({ tone, icon, title, text });
  refresh();
});
