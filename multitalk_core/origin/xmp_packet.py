"""The XMP packet that says what a picture or a film was made from."""

import re

from .. import __version__
from .digital_source import DigitalSource

PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/">
   <Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
   <xmp:CreatorTool>{tool}</xmp:CreatorTool>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
TOOL = f"MultiTalk {__version__}"
# As an element or, as other programs write it, as an attribute of the packet or of the element.
NAMED = re.compile(rb"""DigitalSourceType(?:\s*=\s*["']|\s+[\w:]+=["']|[^<>"']*>)\s*([^\s<>"']+)""")


def xmp_packet(source: DigitalSource) -> bytes:
    """The packet of a picture or a film."""
    return PACKET.format(source=source.uri, tool=TOOL).encode()


def source_in_packet(packet: bytes) -> str | None:
    """The digital source type that any program's packet names, as written there."""
    found = NAMED.search(packet)
    return found[1].decode("utf-8", "replace") if found else None
