// Package config reads stanch.yaml, the one file that sets stanch.
//
// The file is read strictly: a key that nobody knows, a value that cannot be or two
// settings that contradict each other are errors, all of them told at once with file
// and line. A setting that is left out has its default; nothing in the file is a
// secret. Each section is one struct, whose fields say what the keys mean:
//
//	ingress:
//	  listen: 127.0.0.1:8080
//	  upstream: https://api.example.com
//	  limits: {buffer: 64KiB}
//	  timeouts: {drain: 30s}
//
// What flags and the environment set is put over what the file says by the commands,
// which then call [Ingress.Check] once more. deploy/stanch.yaml shows every key.
package config

import (
	"errors"
	"path/filepath"
)

// Config is what stanch.yaml says.
type Config struct {
	Ingress Ingress `yaml:"ingress"`
}

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Path string // of the key, as ingress.routes[0].path
	Text string
}

// Error names the key and what is wrong with it.
func (p *Problem) Error() string { return p.Path + ": " + p.Text }

// join makes one error of problems, nil of none.
func join(problems []*Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// resolve makes the files that the configuration names relative to dir, unless they
// are absolute.
func (c *Config) resolve(dir string) {
	for _, file := range c.Ingress.files() {
		if *file != "" && *file != "-" && !filepath.IsAbs(*file) {
			*file = filepath.Join(dir, *file)
		}
	}
}
