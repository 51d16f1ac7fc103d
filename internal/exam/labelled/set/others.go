package set

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

// wholeLines writes shell scripts and logs whose lines hold a secret in their midst.
func (w *writer) wholeLines() {
	shell := carriers[slices.IndexFunc(carriers, func(c carrier) bool { return c.name == "shell" })]
	logs := carriers[slices.IndexFunc(carriers, func(c carrier) bool { return c.name == "logfmt" })]
	var inShell, inLogs []item
	for range 10 * Repeats {
		for _, form := range lines {
			value := w.value(&kind{sample: w.pick(samples)})
			it := item{inLine, true, strings.ReplaceAll(expand(w.rng, form), "VALUE", value)}
			if strings.HasPrefix(form, "2026") || strings.HasPrefix(form, "10.") {
				inLogs = append(inLogs, it)
			} else {
				inShell = append(inShell, it)
			}
		}
	}
	shell.name, logs.name = "commands", "lines"
	w.files(&shell, inShell)
	w.files(&logs, inLogs)
}

// privateKeys writes keys in files of their own, in a source file and on one line.
func (w *writer) privateKeys() {
	for n := range 10 * Repeats {
		key := w.value(&kind{sample: "private-key"})
		f := w.open(fmt.Sprintf("keys/%s-%02d.pem", w.pick(lists["service"]), n))
		f.item(item{multiline, true, key})
		f.close()
		f = w.open(fmt.Sprintf("keys/%s-%02d.py", w.pick(lists["service"]), n))
		f.text("import crypto\n\n")
		f.item(item{multiline, true, "KEY = \"\"\"" + w.value(&kind{sample: "private-key"}) + "\"\"\""})
		f.text("\nsigner = crypto.Signer(KEY)\n")
		f.close()
		f = w.open(fmt.Sprintf("keys/%s-%02d.json", w.pick(lists["service"]), n))
		f.text("{\n")
		f.item(item{multiline, true, "  \"private_key\": \"" + backslashes(w.value(&kind{sample: "private-key"})) + "\","})
		f.text("  \"type\": \"service_account\"\n}\n")
		f.close()
	}
}

// kubernetesSecrets writes manifests with base64 in their data.
func (w *writer) kubernetesSecrets() {
	for n := range 10 * Repeats {
		f := w.open(fmt.Sprintf("kubernetes/%s-%02d.yaml", w.pick(lists["service"]), n))
		f.text("apiVersion: v1\nkind: Secret\nmetadata:\n  name: " + w.pick(lists["service"]) + "-credentials\ntype: Opaque\ndata:\n")
		for _, field := range []string{"password", "api-key", "token"} {
			value := base64.StdEncoding.EncodeToString([]byte(expand(w.rng, w.pick([]string{"{alnum:24}", "{hex:32}", "{b64url:43}"}))))
			f.item(item{encodedOnce, true, "  " + field + ": " + value})
		}
		f.text("  username: " + base64.StdEncoding.EncodeToString([]byte(w.pick(lists["user"]))) + "\n")
		f.close()
	}
}

// decoyFiles writes the files that hold decoys only.
func (w *writer) decoyFiles() {
	for n := range 2 * Repeats {
		for _, d := range decoyLines {
			f := w.open(fmt.Sprintf("decoys-%d/%s", n, d.file))
			for range 10 {
				for _, form := range d.forms {
					f.item(item{d.class, false, expand(w.rng, form)})
				}
			}
			f.close()
		}
		f := w.open(fmt.Sprintf("decoys-%d/certificate.pem", n))
		text := "-----BEGIN CERTIFICATE-----\n" + expand(w.rng, strings.Repeat("{base64:64}\n", 16)) + "-----END CERTIFICATE-----"
		f.item(item{"public key", false, text})
		f.close()
	}
}

// cleanFiles writes text of other kinds without any secret.
func (w *writer) cleanFiles(seed uint64) {
	for _, kind := range []struct {
		name, class string
		make        func(io.Writer, uint64, int64) error
	}{
		{"clean/bundle.js", "minified script", corpus.Minified},
		{"clean/data.json", "JSON data", corpus.JSON},
		{"clean/blobs.txt", "base64 data", corpus.Base64Heavy},
		{"clean/world.txt", "other languages", corpus.NonEnglish},
		{"clean/services.log", "logs of 23 formats", func(w io.Writer, seed uint64, size int64) error {
			return corpus.Logs(w, seed, size, corpus.LogOptions{})
		}},
	} {
		f := w.open(kind.name)
		if err := kind.make(&f.b, seed, cleanBytes); err != nil && w.err == nil {
			w.err = err
		}
		w.labels = append(w.labels, Label{f.name, 1, strings.Count(f.b.String(), "\n") + 1, kind.class, false})
		f.close()
	}
}
