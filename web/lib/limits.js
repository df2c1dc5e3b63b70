/** Made by `make docs` from chatserver/rules: how long texts may be, in characters of Unicode. */
export const LONGEST = Object.freeze({
  about: "500",
  answer: "280",
  cardLine: "120",
  handle: "30",
  headline: "80",
  homeTown: "40",
  name: "40",
  note: "500",
  title: "60",
  topicTitle: "100",
  wish: "280",
});
