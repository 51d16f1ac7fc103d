// Package policies decides: who may do what with a secret (access), what happens to
// a finding in motion (redaction), which secrets are overdue (rotation), and whether
// a build passes (gate). The answers are Rego that an operator can read, test and
// replay; this package compiles it, asks it, and fails closed.
//
//	source ─▶ sandbox ─▶ Snapshot ─▶ Engine ─▶ Access, Redaction, Rotation, Gate
//	 text      compile    immutable   swapped     └▶ Record ─▶ decisionlog
//
// Inputs are Go structs that have no field for a secret's value, so even a hostile
// policy has none to leak. An error, an undefined result, a result of another shape
// or a missed deadline is a decision too: deny (access), redact (redaction), a
// finding (rotation), fail (gate). Only this folder imports OPA.
//
// policies/rego has the embedded policies, policies/source the text, policies/sandbox
// what a policy may do, policies/author the tools to write policies with,
// policies/bundle signed bundles, policies/decisionlog the log, policies/api HTTP.
package policies
