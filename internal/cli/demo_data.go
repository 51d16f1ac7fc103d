package cli

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The made-up input of stanch demo. Secrets stand in demo/secrets.txt, in parts, so
// that no scanner finds them here; $(name) and $(base64:name) in the other files
// stand for them.
var (
	//go:embed demo/secrets.txt
	demoSecrets string
	//go:embed demo/log.txt
	demoLog string
	// demoTree is files, each after a line "-- name --".
	//go:embed demo/tree.txt
	demoTree string
	//go:embed demo/api.txt
	demoAnswer string
)

// demoInput is what stanch demo filters and scans.
type demoInput struct {
	log     string
	files   []demoFile
	request demoRequest
	answer  string // of the API, to it
}

// demoRequest is a request to the API.
type demoRequest struct{ target, authorization string }

type demoFile struct{ name, text string }

func loadDemo() *demoInput {
	secrets := joinSecrets(demoSecrets)
	in := &demoInput{
		log: secrets.Replace(demoLog), answer: secrets.Replace(demoAnswer),
		request: demoRequest{secrets.Replace("/api/v1/orders/4711?token=$(github)"), secrets.Replace("Bearer $(session)")},
	}
	for section := range strings.SplitSeq(strings.TrimPrefix(demoTree, "-- "), "\n-- ") {
		name, text, _ := strings.Cut(section, " --\n")
		in.files = append(in.files, demoFile{name, secrets.Replace(strings.TrimSuffix(text, "\n") + "\n")})
	}
	return in
}

// joinSecrets joins the parts of secrets, a secret a line: its name, then the parts,
// in which \s stands for a blank and \n for a newline.
func joinSecrets(text string) *strings.Replacer {
	unescape := strings.NewReplacer(`\s`, " ", `\n`, "\n")
	var pairs []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		value := unescape.Replace(strings.Join(fields[1:], ""))
		pairs = append(pairs,
			"$("+fields[0]+")", value,
			"$(base64:"+fields[0]+")", base64.StdEncoding.EncodeToString([]byte(value)))
	}
	return strings.NewReplacer(pairs...)
}

// names of what writeTo makes.
const (
	demoLogName  = "harbour.log"
	demoTreeName = "harbour"
)

// writeTo writes the log and the tree below dir, which it makes; it refuses one that
// has anything in it.
func (in *demoInput) writeTo(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a new directory", dir)
	}
	files := []demoFile{{demoLogName, in.log}}
	for _, f := range in.files {
		files = append(files, demoFile{demoTreeName + "/" + f.name, f.text})
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(f.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
