// Package rego holds the embedded policies: the directory 'stanch policy init' writes
// and every server starts with. It is data; policies/source reads it.
package rego

import "embed"

// FS is the policy directory.
//
//go:embed access redaction rotation gate invariants config schemas samples grants.yaml
var FS embed.FS
