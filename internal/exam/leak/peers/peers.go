package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// peer is a tool to examine.
type peer struct {
	name string
	doc  string // its cell in the table
	// install makes the tool ready and returns the command that filters.
	install func(ctx context.Context, b *bench) (command []string, err error)
}

// peers are the tools, in the order of the table. Versions are fixed, so that the
// table means something later.
var peers = []peer{
	{"stanch", "**stanch filter**", stanch("--known", "{known}")},
	{"stanch-unknown", "stanch filter, not told the known secrets", stanch()},
	{"sed", "sed, nine expressions of a careful engineer", sed},
	{"gitleaks", "gitleaks 8.30.1 in a filter, line by line, known secrets replaced literally", gitleaks()},
	{"gitleaks-whole", "the same, all input at once", gitleaks("-whole")},
	{"detect-secrets", "detect-secrets 1.5.0, all input at once", python("detect-secrets==1.5.0", "filter_detect_secrets.py")},
	{"secretgate", "secretgate 0.8.1, told the known secrets, all input at once", python("secretgate==0.8.1", "filter_secretgate.py", "{known}")},
	{"maskerlogger", "maskerlogger 1.1.1, line by line", python("maskerlogger==1.1.1", "filter_maskerlogger.py")},
	{"redact-secret", "redact-secret 0.1.0b15, all input at once", python("redact-secret==0.1.0b15", "filter_redact_secret.py")},
	{"redactcli", "redactcli 0.1.0", redactcli},
	{"secretlint", "secretlint 12.0.0, mask-result, all input at once", secretlint},
}

// stanch builds the tree that this command stands in.
func stanch(flags ...string) func(context.Context, *bench) ([]string, error) {
	return func(ctx context.Context, b *bench) ([]string, error) {
		path := filepath.Join(b.cache, "stanch")
		_, err := output(ctx, "", "go", "build", "-trimpath", "-o", path, ".")
		return append([]string{path, "filter", "--quiet"}, flags...), err
	}
}

func sed(_ context.Context, b *bench) ([]string, error) {
	path, err := exec.LookPath("sed")
	return []string{path, "-u", "-E", "-f", filepath.Join(b.adapters, "filter.sed")}, err
}

func gitleaks(flags ...string) func(context.Context, *bench) ([]string, error) {
	return func(ctx context.Context, b *bench) ([]string, error) {
		path := filepath.Join(b.cache, "gitleaks-filter")
		_, err := output(ctx, filepath.FromSlash("internal/exam/leak/gitleaks"), "go", "build", "-trimpath", "-tags=gore2regex", "-o", path, ".")
		return append([]string{path, "-known", "{known}"}, flags...), err
	}
}

// pip installs a package into the environment of the peers and returns its folder
// of programs.
func pip(ctx context.Context, b *bench, module string) (bin string, err error) {
	env := filepath.Join(b.cache, "py")
	bin = filepath.Join(env, "bin")
	if _, err := os.Stat(bin); err != nil {
		if _, err := output(ctx, "", "python3", "-m", "venv", env); err != nil {
			return "", err
		}
	}
	_, err = output(ctx, "", filepath.Join(bin, "pip"), "install", "--quiet", "--disable-pip-version-check", module)
	return bin, err
}

func python(module, adapter string, args ...string) func(context.Context, *bench) ([]string, error) {
	return func(ctx context.Context, b *bench) ([]string, error) {
		bin, err := pip(ctx, b, module)
		return append([]string{filepath.Join(bin, "python"), filepath.Join(b.adapters, adapter)}, args...), err
	}
}

func redactcli(ctx context.Context, b *bench) ([]string, error) {
	bin, err := pip(ctx, b, "redactcli==0.1.0")
	return []string{filepath.Join(bin, "redactcli")}, err
}

// secretlint looks for its rules beside its configuration.
func secretlint(ctx context.Context, b *bench) ([]string, error) {
	dir := filepath.Join(b.cache, "js")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, ".secretlintrc.json")
	rules := []byte(`{"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}` + "\n")
	if err := os.WriteFile(config, rules, 0o644); err != nil {
		return nil, err
	}
	_, err := output(ctx, dir, "npm", "install", "--silent", "--no-audit", "--no-fund", "secretlint@12.0.0", "@secretlint/secretlint-rule-preset-recommend@12.0.0")
	program := filepath.Join(dir, "node_modules", ".bin", "secretlint")
	// It adds a newline, and exits 1 when it has found something.
	script := `"$0" --secretlintrc "$1" --stdinFileName=input.log --format=mask-result | head -c -1`
	return []string{"sh", "-c", script, program, config}, err
}
