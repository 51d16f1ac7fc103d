package cli

import (
	"encoding/json"
	"time"

	"github.com/stanch-dev/stanch/proxy"
)

// findingLine is one secret in the stream of findings. It does not hold the secret.
type findingLine struct {
	Time        time.Time       `json:"time"`
	Host        string          `json:"host"`
	Route       string          `json:"route"`
	Principal   string          `json:"principal,omitempty"`
	Direction   string          `json:"direction"`
	Part        string          `json:"part"`
	Name        string          `json:"name,omitempty"` // of the field
	Rule        string          `json:"rule"`
	Known       *reportedSecret `json:"known,omitempty"`
	Encoding    string          `json:"encoding"`
	Action      string          `json:"action"`
	Style       string          `json:"style,omitempty"`
	Shadow      bool            `json:"shadow,omitempty"` // it was not done
	Policy      []string        `json:"policy"`           // rules that decided
	Decision    string          `json:"decision,omitempty"`
	Alert       bool            `json:"alert,omitempty"`
	Rotate      bool            `json:"rotate,omitempty"`
	Propose     bool            `json:"propose,omitempty"`
	Placeholder string          `json:"placeholder,omitempty"`
	Forced      bool            `json:"forced,omitempty"`
}

// writeFindings returns what writes a line of JSON for each secret to a log.
func writeFindings(log *logFile, shadow func() bool) func(*proxy.Redaction) {
	return func(r *proxy.Redaction) {
		line := findingLine{
			Time: time.Now().UTC(), Host: r.Source.Host, Route: r.Source.Route, Principal: r.Source.Principal,
			Direction: r.Source.Direction, Part: r.Source.Part, Name: r.Source.Name,
			Rule: r.Finding.Rule.ID, Known: knownOf(r), Encoding: r.Finding.Encoding.String(),
			Action: r.Decision.Action.String(), Style: styleOf(r), Shadow: shadow() && r.Decision.Action != proxy.Allow,
			Policy: append([]string{}, r.Decision.Rules...), Decision: r.Decision.ID,
			Alert: r.Decision.Alert, Rotate: r.Decision.Rotate, Propose: r.Decision.Propose, Placeholder: r.Text, Forced: r.Forced,
		}
		text, err := json.Marshal(line)
		if err != nil {
			log.report(err)
			return
		}
		log.Write(append(text, '\n'))
	}
}

// knownOf returns the known secret of a finding, nil if it is none.
func knownOf(r *proxy.Redaction) *reportedSecret {
	if r.Finding.Known == nil {
		return nil
	}
	return &reportedSecret{r.Finding.Known.ID, r.Finding.Known.Version}
}

// styleOf returns what was written in place of a secret, empty if nothing was.
func styleOf(r *proxy.Redaction) string {
	if r.Decision.Action != proxy.Redact {
		return ""
	}
	return r.Decision.Style.String()
}
