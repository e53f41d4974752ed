package textview

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// ExportText is what is exported for an interface, in words.
func ExportText(name string, value json.RawMessage) string {
	switch name {
	case "networking":
		var n instance.Networking
		if json.Unmarshal(value, &n) == nil {
			return "priority " + strconv.Itoa(n.Priority) + ", " + n.Module
		}
	case "endpoints":
		var e instance.Endpoints
		if json.Unmarshal(value, &e) == nil {
			return strings.Join(e.Hosts, ", ")
		}
	case "peer":
		var p instance.Peer
		if json.Unmarshal(value, &p) == nil {
			return peerText(p)
		}
	}
	return CompactJSON(DecodeJSON(value))
}

func peerText(p instance.Peer) string {
	text := "no hosts"
	if len(p.Hosts) > 0 {
		text = strings.Join(HostTexts(p.Hosts), ", ")
	}
	if p.Port != 0 && p.Port != 22 {
		text += ", port " + strconv.Itoa(p.Port)
	}
	if p.User != "" {
		text += ", user " + p.User
	}
	return text
}

// HostTexts are addresses, or why there are none.
func HostTexts(hosts []instance.Host) []string {
	var texts []string
	for _, h := range hosts {
		switch h.Missing {
		case "":
			texts = append(texts, h.Address)
		case codes.HostSecret:
			texts = append(texts, "(secret)")
		case codes.HostNotGenerated:
			texts = append(texts, "(not generated yet)")
		default:
			texts = append(texts, "(does not evaluate)")
		}
	}
	return texts
}
