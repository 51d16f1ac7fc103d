package check

import (
	"regexp"
	"strings"
)

// layers is how many decodings are tried one after the other.
const layers = 4

// maxViews bounds the work on one output. Outputs of vectors have a few hundred.
const maxViews = 20_000

// view is a text that can be read out of an output.
type view struct {
	text string
	path string // the decodings that lead to it
}

// decoder is one way to read a text. It returns nothing where there is nothing of
// its kind to decode.
type decoder struct {
	name   string
	decode func(text string) []string
}

// decoders are the layers.
var decoders = []decoder{
	{"percent", percent},
	{"escapes", escapes},
	{"base64", base64Runs},
	{"hex", hexRuns},
	{"entities", entities},
	{"quoted-printable", quotedPrintable},
	{"utf-16", utf16Text},
}

// frames are what stands around and between text without being an encoding of it;
// taking it away is no layer.
var frames = []decoder{
	{"lines joined", joinLines},
	{"frames joined", joinFrames},
	{"colours removed", removeColours},
}

// see returns every view of output, the nearest first.
func see(output string) (all []view) {
	seen := map[string]bool{}
	add := func(v view) {
		if v.text != "" && !seen[v.text] && len(all) < maxViews {
			seen[v.text] = true
			all = append(all, v)
		}
	}
	add(view{output, "it stands"})
	start := 0
	for layer := 0; ; layer++ {
		for i := start; i < len(all); i++ { // grows: frames may stand in frames
			apply(frames, all[i], add)
		}
		if layer == layers {
			return all
		}
		end := len(all)
		for i := start; i < end; i++ {
			apply(decoders, all[i], add)
		}
		start = end
	}
}

// apply adds what the decoders read out of v.
func apply(list []decoder, v view, add func(view)) {
	for _, d := range list {
		for _, text := range d.decode(v.text) {
			if text != v.text {
				add(view{text, strings.TrimPrefix(v.path+", "+d.name, "it stands, ")})
			}
		}
	}
}

var lineEnds = regexp.MustCompile(`[ \t]*\r?\n[ \t]*`)

func joinLines(text string) []string {
	if !strings.Contains(text, "\n") {
		return nil
	}
	return []string{lineEnds.ReplaceAllString(text, "")}
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

func removeColours(text string) []string { return []string{colours.ReplaceAllString(text, "")} }

var (
	criFrame = regexp.MustCompile(`(?m)^\S+T\S+Z std(?:out|err) ([PF]) (.*)\n?`)
	// dockerFrame is one record of the json-file log; what is in the string stays escaped.
	dockerFrame = regexp.MustCompile(`(?m)^\{"log":"((?:[^"\\]|\\.)*)".*\}\n?`)
)

// joinFrames puts the pieces of a line together again.
func joinFrames(text string) (joined []string) {
	if criFrame.MatchString(text) {
		joined = append(joined, criFrame.ReplaceAllStringFunc(text, func(frame string) string {
			m := criFrame.FindStringSubmatch(frame)
			if m[1] == "P" {
				return m[2]
			}
			return m[2] + "\n"
		}))
	}
	if dockerFrame.MatchString(text) {
		joined = append(joined, dockerFrame.ReplaceAllString(text, "$1"))
	}
	return joined
}
