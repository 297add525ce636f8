"""Put the parts together: the only module that picks concrete ones.

Everything above gets an `App` and knows neither database nor network library; everything below gets what it needs as an argument.
"""
