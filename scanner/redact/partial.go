package redact

import "strings"

// publicPrefixes are beginnings of tokens which only tell whose they are, as their
// vendors publish them.
var publicPrefixes = [...]string{
	"AIza", "AKIA", "ASIA", "GOCSPX-", "NRAK-", "SG.", "dapi", "dckr_pat_", "dop_v1_",
	"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glsa_", "glc_",
	"hf_", "hvb.", "hvs.", "lin_api_", "npm_", "ops_", "pypi-", "rubygems_",
	"pk_live_", "pk_test_", "rk_live_", "rk_test_", "sk_live_", "sk_test_", "whsec_",
	"shpat_", "shpca_", "shppa_", "shpss_", "sk-ant-", "sk-proj-", "sk-",
	"xapp-", "xoxb-", "xoxe-", "xoxp-", "xoxs-", "ya29.",
}

const (
	// minBehindPrefix is how many bytes must follow a prefix for it to be shown:
	// the shortest token with one, an AWS access key ID, has 16.
	minBehindPrefix = 16
	shownEnd        = 4 // bytes
	ellipsis        = "..."
	maxShown        = len("github_pat_") + len(ellipsis) + shownEnd
)

// shownPart returns what the style partial shows of value, empty for nothing. The
// prefix is public. The last bytes are shown only if what stays hidden has as many
// bits as a tag needs, and they are characters that are safe in any format.
func shownPart(value []byte) string {
	prefix := prefixOf(value)
	hidden := value[len(prefix):]
	end := ""
	if cut := len(hidden) - shownEnd; cut > 0 && isPlainText(hidden[cut:]) && entropyBits(hidden[:cut]) >= minTagBits {
		end = string(hidden[cut:])
	}
	if prefix == "" && end == "" {
		return ""
	}
	return prefix + ellipsis + end
}

// prefixOf returns the longest public prefix of value that enough follows.
func prefixOf(value []byte) (longest string) {
	for _, prefix := range publicPrefixes {
		if len(prefix) > len(longest) && len(value) >= len(prefix)+minBehindPrefix && string(value[:len(prefix)]) == prefix {
			longest = prefix
		}
	}
	return longest
}

func isPlainText(text []byte) bool {
	for _, b := range text {
		if !isPlain(b) {
			return false
		}
	}
	return true
}

// isShown reports whether text is what shownPart can return.
func isShown(text string) bool {
	prefix, end, ok := strings.Cut(text, ellipsis)
	if !ok || len(end) != 0 && len(end) != shownEnd || !isPlainText([]byte(end)) {
		return false
	}
	for _, public := range publicPrefixes {
		if prefix == public {
			return true
		}
	}
	return prefix == "" && end != ""
}
