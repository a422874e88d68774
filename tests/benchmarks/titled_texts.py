"""Texts that do not say what their titles say, and what people ask for who want to find them."""

from __future__ import annotations

from typing import NamedTuple


class Titled(NamedTuple):
    """A text with its title, and a question in the title's words and one in other words."""

    title: str
    text: str
    same_words: str
    other_words: str


TITLED = (
    Titled(
        "Descaling the espresso machine",
        "Fill the tank with one part vinegar and three parts water. Run half of it "
        "through, wait for twenty minutes, then run the rest and rinse twice.",
        "how do I descale my espresso machine",
        "remove limescale from the coffee maker",
    ),
    Titled(
        "Parental leave for employees",
        "Staff who have been with us for a year may stay at home for up to fourteen "
        "months and come back to the same post. Apply seven weeks ahead in writing.",
        "parental leave rules",
        "how long may a new mother stay away from work",
    ),
    Titled(
        "Choosing a bicycle helmet",
        "Look for a snug fit that does not wobble when you shake your head. Replace it "
        "after every crash, even where no crack can be seen.",
        "which bicycle helmet should I choose",
        "protecting the head while cycling",
    ),
    Titled(
        "Effects of caffeine on sleep",
        "Forty volunteers took 200 mg or a placebo six hours before bedtime. Total time"
        " was shortened by an hour, and stage three by a fifth, as measured by "
        "polysomnography.",
        "does caffeine affect sleep",
        "coffee in the evening and insomnia",
    ),
    Titled(
        "Migrating to PostgreSQL 16",
        "Dump the old cluster, install the packages, restore, and run ANALYZE. "
        "Extensions must be built again. Expect an hour of downtime for each hundred "
        "gigabytes.",
        "migrating postgresql",
        "upgrade our database server",
    ),
    Titled(
        "Deep learning for weather forecasting",
        "We train a graph network on four decades of reanalysis and predict ten days "
        "ahead in a minute on one accelerator. It beats the operational system on nine "
        "of ten variables.",
        "deep learning weather forecasts",
        "neural networks that predict the weather",
    ),
    Titled(
        "Keeping bees in the city",
        "Rooftops are warm and flowers bloom from March to October. Two colonies give "
        "thirty kilos of honey a year; neighbours should be told beforehand.",
        "bees in the city",
        "urban beekeeping",
    ),
    Titled(
        "Fire drill procedure",
        "When the siren sounds, leave by the nearest stairs, never by the lift, and "
        "gather on the car park. Wardens count everyone and report to the reception.",
        "fire drill",
        "what to do when there is a fire in the building",
    ),
    Titled(
        "Sourdough starter",
        "Mix equal weights of flour and water, keep it warm, and feed it every day for "
        "a week. It is ready when it doubles within six hours.",
        "how to make a sourdough starter",
        "natural yeast culture for bread",
    ),
    Titled(
        "A survey of graph databases",
        "We compare eleven systems by model, query language, storage, and transactions,"
        " and run three workloads on each. None wins everywhere.",
        "survey of graph databases",
        "comparison of databases for networks of nodes and edges",
    ),
    Titled(
        "Replacing the toner cartridge",
        "Open the front door, pull the green lever, slide the old one out and push the "
        "new one in until it clicks. Shake it five times beforehand.",
        "replace toner cartridge",
        "the printer is out of ink",
    ),
    Titled(
        "Gut microbiome and depression",
        "Stool of 1,054 people was sequenced. Coprococcus and Dialister were depleted "
        "in patients, also after correcting for medication.",
        "gut microbiome depression",
        "intestinal bacteria and mood disorders",
    ),
    Titled(
        "Travel expense policy",
        "Economy class on trips below six hours. Receipts are due within thirty days. "
        "Meals are paid up to 45 euros a day.",
        "travel expense policy",
        "what does the company reimburse on business trips",
    ),
    Titled(
        "Recovering deleted files",
        "Stop writing to the disk at once. Boot from a stick, make an image, and let "
        "the tool look for signatures in it.",
        "recover deleted files",
        "undelete a lost document",
    ),
    Titled(
        "Lighthouse keepers of the North Sea",
        "For two hundred years families lived on the rocks, trimmed wicks, and wound "
        "the clockwork every four hours. The last one left in 1998.",
        "lighthouse keepers",
        "people who tended beacons for ships",
    ),
    Titled(
        "Password reset",
        "Click the link under the form, enter your address, and follow the mail that "
        "arrives within five minutes. Links are valid for an hour.",
        "password reset",
        "I forgot my login",
    ),
    Titled(
        "Antibiotic resistance in wastewater",
        "Samples of 79 treatment plants in seven countries were sequenced. Genes were "
        "reduced by two orders of magnitude but never removed.",
        "antibiotic resistance wastewater",
        "sewage and superbugs",
    ),
    Titled(
        "Pruning apple trees",
        "Late in winter take out what is dead, what crosses, and what grows inward. "
        "Never cut more than a quarter in a year.",
        "when to prune apple trees",
        "cutting back fruit trees",
    ),
    Titled(
        "Speech recognition for dialects",
        "Fine-tuning on eleven hours from Alpine valleys halves the error rate. Pooling"
        " neighbouring villages helps more than any augmentation.",
        "speech recognition dialects",
        "understanding spoken regional language by computer",
    ),
    Titled(
        "Noise limits in residential areas",
        "From ten in the evening till six in the morning 35 decibels must not be "
        "exceeded in front of an open window; 50 by day.",
        "noise limits residential areas",
        "how loud may neighbours be at night",
    ),
    Titled(
        "Photosynthesis under artificial light",
        "Lettuce grew under red, blue, and white diodes for 28 days. Biomass was "
        "greatest at 660 nm with a tenth of 450 nm.",
        "photosynthesis artificial light",
        "growing plants indoors with lamps",
    ),
    Titled(
        "Job interviews by video",
        "Check the camera the day before, sit facing a window, look into the lens, and "
        "keep the notes at eye level.",
        "job interview by video",
        "online meeting with a future employer",
    ),
    Titled(
        "Corrosion of reinforced concrete",
        "Chlorides reach the steel after some thirty years; half-cell potentials below "
        "-350 mV tell it. Cathodic protection stops it at 20 mA a square metre.",
        "corrosion reinforced concrete",
        "rusting bridges",
    ),
    Titled(
        "First aid for burns",
        "Hold the place under cool running water for twenty minutes. Take off rings. No"
        " butter, no ice. Cover loosely with film.",
        "first aid burns",
        "scalded hand what to do",
    ),
)
