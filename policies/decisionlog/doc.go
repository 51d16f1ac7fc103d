// Package decisionlog writes down every decision, in OPA's own form of a decision
// log (EventV1), so that whatever reads OPA's logs reads these, and what was decided
// can be decided again.
//
//	Engine ─▶ Record ─▶ built-in mask ─▶ drop and mask rules ─▶ Lines, Upload
//	                                                             Lines ─▶ Reader ─▶ replay
//
// Inputs have no field for a secret. What a person may still have put into an
// address is cut by a mask written in Go, which no policy can turn off; after it run
// the policy's own data.system.log.drop and data.system.log.mask. A mask that fails
// costs the event its body, never the log its privacy.
package decisionlog
