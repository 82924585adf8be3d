// Sets up what the tests need, runs every suite, and ends with one summed line.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "target", "test-results");
const IS_ROOT = process.getuid?.() === 0;

/** What every suite adds to. */
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];

/** Runs a command, shows what it prints, and returns its exit code and its output. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], ...options });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
      process.stdout.write(data);
    });
    child.on("error", (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function works(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Installs packages of Debian where we may; says whether that worked. */
async function install(...packages) {
  if (!IS_ROOT || !works("apt-get", "--version")) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  return (await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env })).code === 0;
}

async function must(what, command, args, options) {
  const { code } = await run(command, args, options);
  if (code !== 0) {
    console.error(`\nmake test: ${what} failed (${command} ${args.join(" ")})`);
    process.exit(1);
  }
}

function title(text) {
  console.log(`\n── ${text}`);
}

/** Adds the figures of a suite; a suite that ran nothing, or ended badly without a failure, has failed. */
function add(suite, code, { passed, failed, skipped }, names) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  failures.push(...names.failed.map((name) => `${suite}: ${name}`));
  skips.push(...names.skipped.map((name) => `${suite}: ${name}`));
  if (failed === 0 && (code !== 0 || passed + skipped === 0)) {
    total.failed += 1;
    failures.push(`${suite}: ended with code ${code} after ${passed} passed tests`);
  }
}

/** A whole suite that cannot run here counts as one skipped test, with the reason in its name. */
function skip(suite, reason) {
  total.skipped += 1;
  skips.push(`${suite}: ${reason}`);
}

async function rust() {
  title("Rust: unit, integration and doc tests");
  const { code, output } = await run("cargo", ["test", "--all-features", "--no-fail-fast"]);
  const sum = (pattern) => [...output.matchAll(pattern)].reduce((count, match) => count + Number(match[1]), 0);
  const named = (verdict) => [...output.matchAll(new RegExp(`^test (.+?)\\s+\\.\\.\\. ${verdict}`, "gm"))].map((m) => m[1]);
  const figures = {
    passed: sum(/^test result: .*? (\d+) passed/gm),
    failed: sum(/^test result: .*?; (\d+) failed/gm),
    skipped: sum(/^test result: .*?; (\d+) ignored/gm),
  };
  add("rust", code, figures, { failed: named("FAILED"), skipped: named("ignored") });
}

async function uiUnits() {
  title("UI: unit tests");
  const file = join(OUT, "vitest.json");
  const args = ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const { code } = await run("npx", args, { cwd: join(ROOT, "ui") });
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { testResults: [] };
  const tests = report.testResults.flatMap((suite) => suite.assertionResults);
  addNamed("ui", code, tests.map((test) => [test.fullName, test.status]));
}

async function browser(chromium) {
  title("UI: browser tests against the binary");
  const file = join(OUT, "playwright.json");
  const env = { ...process.env, TRACKWAY_CHROMIUM: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: file, TRACKWAY_BIN: binary() };
  const { code } = await run("npx", ["playwright", "test", "--reporter=list,json"], { cwd: join(ROOT, "ui"), env });
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { suites: [] };
  const specs = (suite) => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specs)];
  const verdict = { expected: "passed", flaky: "passed", unexpected: "failed", skipped: "skipped" };
  const tests = report.suites.flatMap(specs).flatMap((spec) => spec.tests.map((test) => [spec.title, verdict[test.status]]));
  addNamed("browser", code, tests);
}

async function clients(python) {
  title("Real clients");
  const file = join(OUT, "pytest.xml");
  const env = { ...process.env, TRACKWAY_BIN: binary() };
  const { code } = await run(python, ["-m", "pytest", "tests/clients", "-q", `--junitxml=${file}`], { env });
  const report = existsSync(file) ? readFileSync(file, "utf8") : "";
  const cases = [...report.matchAll(/<testcase [^>]*?name="([^"]+)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)];
  const verdict = (body = "") => (/<(failure|error)/.test(body) ? "failed" : /<skipped/.test(body) ? "skipped" : "passed");
  addNamed("clients", code, cases.map(([, name, body]) => [name, verdict(body)]));
}

function addNamed(suite, code, tests) {
  const named = (verdict) => tests.filter(([, status]) => status === verdict).map(([name]) => name);
  const passed = named("passed");
  const failed = named("failed");
  const skipped = tests.filter(([, status]) => status !== "passed" && status !== "failed").map(([name]) => name);
  add(suite, code, { passed: passed.length, failed: failed.length, skipped: skipped.length }, { failed, skipped });
}

function binary() {
  return join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", "trackway");
}

/** Chromium of the system, installed from Debian's packages where we may. */
async function chromium() {
  const known = [process.env.TRACKWAY_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const find = () => known.find((path) => path && existsSync(path));
  if (!find()) {
    title("Chromium");
    await install("chromium");
  }
  return find();
}

/** A virtual environment with the clients that the tests run, made anew when their list changes. */
async function python() {
  const list = join(ROOT, "tests", "clients", "requirements.txt");
  const venv = join(ROOT, ".venv");
  const stamp = join(venv, "requirements.sha256");
  const hash = createHash("sha256").update(readFileSync(list)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return join(venv, "bin", "python");
  title("Python clients");
  rmSync(venv, { recursive: true, force: true });
  if (!works("python3", "-c", "import venv, ensurepip")) await install("python3", "python3-venv");
  if (!works("python3", "-m", "venv", venv)) return undefined;
  const pip = join(venv, "bin", "pip");
  if ((await run(pip, ["install", "--quiet", "--disable-pip-version-check", "-r", list])).code !== 0) return undefined;
  writeFileSync(stamp, hash);
  return join(venv, "bin", "python");
}

/** The client for JavaScript that the tests run. */
async function javascript() {
  const home = join(ROOT, "tests", "clients", "js");
  const installed = join(home, "node_modules", ".package-lock.json");
  const list = join(home, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(list).mtimeMs) return;
  title("JavaScript clients");
  await must("installing the JavaScript clients", "npm", ["ci", "--prefix", home, "--no-audit", "--no-fund"]);
}

mkdirSync(OUT, { recursive: true });
for (const name of ["vitest.json", "playwright.json", "pytest.xml"]) rmSync(join(OUT, name), { force: true });
await must("building the web page", "make", ["--no-print-directory", "ui"]);
await rust();
await must("building the binary", "cargo", ["build", "--quiet", "--package", "trackway-cli"]);
const examples = ["--package", "trackway", "--package", "trackway-machine", "--examples", "--all-features"];
await must("building the examples", "cargo", ["build", "--quiet", ...examples]);
await uiUnits();
const browserPath = await chromium();
if (browserPath) await browser(browserPath);
else skip("browser", "Chromium is not here, and we may not install it; set TRACKWAY_CHROMIUM");
await javascript();
const pythonPath = await python();
if (pythonPath) await clients(pythonPath);
else skip("clients", "a Python virtual environment with tests/clients/requirements.txt could not be made");

title("Summary");
for (const name of skips) console.log(`skipped  ${name}`);
for (const name of failures) console.log(`failed   ${name}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
