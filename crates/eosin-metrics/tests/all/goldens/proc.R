# DeLong by pROC for make_comparison_goldens.py: a table of patches in, numbers out as JSON lines.
# Usage: Rscript proc.R TABLE.csv (columns case, target, one, other)
suppressMessages(library(pROC))
rows <- read.csv(commandArgs(trailingOnly = TRUE)[1])
cat(sprintf('{"proc": "%s", "r": "%s"}\n', packageVersion("pROC"), R.version.string))
number <- function(x) if (is.nan(x)) "null" else sprintf("%.17g", x)
for (case in unique(rows$case)) {
  part <- rows[rows$case == case, ]
  curve <- function(scores) roc(part$target, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
  one <- curve(part$one)
  other <- curve(part$other)
  test <- roc.test(other, one, method = "delong", paired = TRUE)
  ci <- ci.auc(one, method = "delong")
  cat(sprintf(paste0('{"case": "%s", "auroc": %s, "auroc_other": %s, "variance": %s, "covariance": %s, ',
                     '"ci": [%s, %s], "statistic": %s, "p": %s}\n'),
              case, number(as.numeric(one$auc)), number(as.numeric(other$auc)),
              number(var(one, method = "delong")), number(cov(one, other, method = "delong")),
              number(ci[1]), number(ci[3]), number(unname(test$statistic)), number(test$p.value)))
}
