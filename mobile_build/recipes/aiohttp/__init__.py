from pythonforandroid.recipe import PyProjectRecipe


class AiohttpRecipe(PyProjectRecipe):
    """In place of python-for-android's own, which compiles a release of 2022: the pinned one has a wheel without C."""

    name = "aiohttp"
    version = "3.14.5"
    url = None
    site_packages_name = "aiohttp"


recipe = AiohttpRecipe()
