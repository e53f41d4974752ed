{ }.there
