micros = (
    F.when(F.abs(count) < 1e11, count * 1e6)
    .when(F.abs(count) < 1e14, count * 1e3)
    .when(F.abs(count) < 1e17, count)
    .otherwise(count / 1e3)
)
