"""skilleval: vocational skill grade recognition (职业技能等级认定) run by the firm itself."""

__version__ = "0.1.0"
