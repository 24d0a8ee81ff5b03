"""Inline SVG, made here: no scripts, no fonts, nothing from elsewhere. Colours are classes of the page's style sheet.

svg        an element, escaped
lanes      time: probes as lanes
strips     seconds: drills as dots against budget and bound
scatter    predicted against measured
"""
