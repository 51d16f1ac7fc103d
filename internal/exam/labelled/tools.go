package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// stanch is the name of our own row.
const stanch = "stanch"

// tool is a scanner and how its report is read.
type tool struct {
	name    string
	command func(dir, report string) []string
	stdout  bool // the report comes on standard output
	env     []string
	ok      []int // exit codes of a completed scan
	read    func(report []byte) ([]place, error)
}

// findTools builds stanch and finds the peers that the benchmark keeps.
func findTools(ctx context.Context, cache, work string) (tools []tool, missing []string, err error) {
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, nil, err
		}
		cache = filepath.Join(user, "stanch-bench")
	}
	own := filepath.Join(work, stanch)
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("finding the module: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", own, ".")
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("building stanch: %w\n%s", err, out)
	}
	tools = append(tools, tool{
		name: stanch, stdout: true, ok: []int{0, 1}, read: readStanch,
		command: func(dir, _ string) []string { return []string{own, "scan", dir, "-o", "json"} },
	})
	if path := newest(cache, "gitleaks-re2-*/gitleaks"); path != "" {
		tools = append(tools, tool{
			name: "gitleaks", ok: []int{0}, read: readGitleaks,
			command: func(dir, report string) []string {
				return []string{path, "dir", dir, "--no-banner", "--exit-code", "0", "--report-format", "json", "--report-path", report, "--max-decode-depth", "5"}
			},
		})
	} else {
		missing = append(missing, "gitleaks was not measured: run internal/exam/bench once, which builds it")
	}
	if path := newest(cache, "kingfisher-*/lib/python3*/site-packages/kingfisher/bin/kingfisher"); path != "" {
		tools = append(tools, tool{
			name: "Kingfisher", ok: []int{0, 200}, read: readKingfisher, env: []string{"KF_RULE_CACHE_DIR=" + filepath.Join(work, "kingfisher-rules")},
			command: func(dir, report string) []string {
				return []string{path, "scan", dir, "--no-validate", "--no-update-check", "--git-history", "none", "--no-dedup", "--format", "json", "--output", report}
			},
		})
	} else {
		missing = append(missing, "Kingfisher was not measured: run internal/exam/bench once, which fetches it")
	}
	return tools, missing, nil
}

// newest returns the last of the files that match, or "".
func newest(dir, pattern string) string {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// scan runs the tool on dir and returns what it has found, with files below dir.
func (t *tool) scan(ctx context.Context, dir, report string) ([]place, error) {
	args := t.command(dir, report)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), t.env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && slices.Contains(t.ok, exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %.300s", t.name, err, said.String())
	}
	text := out.Bytes()
	if !t.stdout {
		if text, err = os.ReadFile(report); err != nil {
			return nil, err
		}
	}
	found, err := t.read(text)
	if err != nil {
		return nil, fmt.Errorf("reading the report of %s: %w", t.name, err)
	}
	for i := range found {
		name, err := filepath.Rel(dir, found[i].file)
		if err != nil {
			return nil, err
		}
		found[i].file = filepath.ToSlash(name)
	}
	return found, nil
}

func readStanch(report []byte) (found []place, err error) {
	var r struct {
		Findings []struct {
			File      string
			StartLine int `json:"start_line"`
			EndLine   int `json:"end_line"`
		}
	}
	err = json.Unmarshal(report, &r)
	for _, f := range r.Findings {
		found = append(found, place{f.File, f.StartLine, f.EndLine})
	}
	return found, err
}

func readGitleaks(report []byte) (found []place, err error) {
	var r []struct {
		File               string
		StartLine, EndLine int
	}
	err = json.Unmarshal(report, &r)
	for _, f := range r {
		found = append(found, place{f.File, f.StartLine, f.EndLine})
	}
	return found, err
}

// readKingfisher reads the second of two JSON values: the first is a summary.
func readKingfisher(report []byte) (found []place, err error) {
	type finding struct {
		Finding struct {
			Path string
			Line int
		}
	}
	dec := json.NewDecoder(bytes.NewReader(report))
	for dec.More() {
		var r struct{ Findings json.RawMessage }
		if err := dec.Decode(&r); err != nil {
			return nil, err
		}
		var list []finding
		if json.Unmarshal(r.Findings, &list) != nil {
			continue // a count
		}
		for _, f := range list {
			found = append(found, place{f.Finding.Path, f.Finding.Line, f.Finding.Line})
		}
	}
	return found, nil
}
