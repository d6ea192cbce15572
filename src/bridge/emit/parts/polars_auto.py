micros = (
    pl.when(count.abs() < 1e11).then(count * 1e6)
    .when(count.abs() < 1e14).then(count * 1e3)
    .when(count.abs() < 1e17).then(count)
    .otherwise(count / 1e3)
)
