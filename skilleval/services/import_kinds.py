"""What can be imported from a workbook: one line a kind in ``IMPORTS``, each by the service that the command line uses."""

from skilleval.services.batch_imports import CANDIDATES, MARKS, NUMBERS, SCORES
from skilleval.services.firm_imports import CONTEST, ITEMS, PEOPLE

IMPORTS = {kind.key: kind for kind in (PEOPLE, ITEMS, CANDIDATES, MARKS, SCORES, NUMBERS, CONTEST)}
