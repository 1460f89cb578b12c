// Texts that attack whoever shows them: markup, scripts, links, terminal codes, bidi, sheer size.

/** One text with many attacks in it, and an attempt at each tool that may come after the console. */
export const hostileText = [
  '<script>alert(1)</script>',
  '<img src=x onerror="alert(2)">',
  '"><svg onload=alert(3)>',
  "';alert(4);//",
  '<iframe srcdoc="<script>alert(5)</script>"></iframe>',
  '<style>*{display:none}</style>',
  '<a href="javascript:alert(6)">click</a>',
  '<base href="http://198.51.100.7/">',
  '<link rel=stylesheet href=http://198.51.100.7/x.css>',
  '![x](http://198.51.100.7/beacon.png)',
  '[x](javascript:alert(7))',
  '{{constructor.constructor("alert(8)")()}}',
  '\u001b]8;;http://198.51.100.7\u0007link\u001b]8;;\u0007',
  '\u001b[2J\u001b[31m',
  '\u202egnp.exe\u202c \u2066isolated\u2069 \u200b\u200d\ufeff',
  '\u0000\u0007\r\n\t',
  '=HYPERLINK("http://198.51.100.7")',
  '%3Cscript%3Ealert(9)%3C/script%3E',
  '\ud800 lone',
  'a'.repeat(300),
].join(' ');
