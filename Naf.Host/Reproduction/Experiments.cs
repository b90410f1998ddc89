namespace Naf.Host.Reproduction;

/// <summary>
/// The experiments of every table and figure of the paper. A table and a figure that show the same learners share the
/// experiment, and it runs once.
/// </summary>
internal static class Experiments
{
    private static readonly string[] True = ["imagination=true"], Mpc = ["plan=mpc", "plan_fraction=0.5"],
        Fitted = ["imagination=fitted"], Ilqg = ["plan=ilqg", "plan_fraction=0.5"];

    public static readonly string[] Names =
        ["table1", "table2", "figure1", "figure2", "figure3", "figure4", "figure5"];

    /// <summary>Table 1: every task by both algorithms, each for the episodes after which the paper's NAF is
    /// within 5 % of its best score.</summary>
    public static IEnumerable<Experiment> Table1 => PaperResults.Table1.SelectMany(row =>
        new[] { Naf(row.Task), Ddpg(row.Task) });

    /// <summary>Table 2: true dynamics, in the order of <see cref="PaperResults.Table2Columns"/>.</summary>
    public static IEnumerable<Experiment> Table2 => PaperResults.Table2.SelectMany(row => Table2Row(row.Task));

    /// <summary>The experiments of some of <see cref="Names"/>, each once.</summary>
    public static IReadOnlyList<Experiment> Of(IEnumerable<string> parts) => [.. parts.SelectMany(part => part switch
    {
        "table1" => Table1,
        "table2" => Table2,
        _ => Figures.First(figure => figure.Key == part).Experiments,
    }).DistinctBy(experiment => experiment.Name)];

    /// <summary>The figures by name.</summary>
    public static IReadOnlyList<ReproducedFigure> Figures =>
    [
        new("figure1", "Figure 1 b, c: NAF and DDPG on the reacher and peg insertion",
            [Naf("reacher"), Ddpg("reacher"), Naf("peg"), Ddpg("peg")]),
        new("figure2",
            "Figure 2: iLQG-guided exploration and imagination rollouts, (a) true, (b, c) fitted dynamics",
        [
            .. Imagined("reacher-single", 100, [("NAF", []),
                ("NAF, as many updates, from R", [.. Fitted, "imagined_from_replay=true"]),
                ("ImR, true dynamics", True), ("iLQG-0.5, fitted dynamics", Ilqg), ("ImR, fitted dynamics", Fitted),
                ("ImR, iLQG-0.5, fitted dynamics", [.. Fitted, .. Ilqg]),
                ("ImR, network dynamics (NN)", ["imagination=network"])]),
            .. Imagined("gripper-single", 900, [("NAF", []), ("ImR, fitted dynamics", Fitted),
                ("ImR, iLQG-0.5, fitted dynamics", [.. Fitted, .. Ilqg])]),
        // thresholds of our own: about where NAF alone ends on the one, where the object is brought on the other
        ], task => task == "reacher-single" ? -0.295 : 0),
        new("figure3", "Figure 3: exploration noise shaped by the precision (NAF-P) on canada2d",
            [Naf("canada2d"), new("canada2d-naf-p", "NAF-P", "canada2d", BudgetOf("canada2d"),
                ["noise_precision_after=50000"]), Ddpg("canada2d")]),
        new("figure4", "Figure 4: NAF and DDPG on the moving gripper, swimmer6 and the cheetah",
            [.. from task in (string[])["gripper-moving", "swimmer6", "cheetah"] from e in Both(task) select e]),
        new("figure5", "Figure 5: MPC exploration and imagination rollouts with true dynamics", [.. Table2]),
    ];

    /// <summary>NAF for the episodes after which the paper's is within 5 % of its best score.</summary>
    public static Experiment Naf(string task) => new($"{task}-naf", "NAF", task, BudgetOf(task), []);

    /// <summary>DDPG for as many episodes as NAF, so that both have the same experience and updates.</summary>
    public static Experiment Ddpg(string task) =>
        new($"{task}-ddpg", "DDPG", task, BudgetOf(task), ["algorithm=ddpg"]);

    /// <summary>The experiments of a row of Table 2.</summary>
    public static Experiment[] Table2Row(string task)
    {
        string[] steps = [task == "cheetah" ? "imagined_steps=5" : "imagined_steps=10"], imagined = [.. True, .. steps];
        return
        [
            Naf(task), Of("mpc", "MPC-0.5", Mpc), Of("imr", "ImR", imagined),
            Of("imr-mpc", "ImR, MPC-0.5", [.. imagined, .. Mpc]),
            Of("imr-mpc-all", "ImR, MPC-1", [.. imagined, "plan=mpc", "plan_fraction=1"]),
        ];

        Experiment Of(string name, string label, string[] settings) =>
            new($"{task}-{name}", label, task, BudgetOf(task), settings);
    }

    private static IEnumerable<Experiment> Both(string task) => [Naf(task), Ddpg(task)];

    // of ten seeds, which differ much, and with tests every five episodes, since these learn within a few tens of them
    private static IEnumerable<Experiment> Imagined(
        string task, int episodes, (string Label, string[] Settings)[] variants) => variants.Select(variant =>
        new Experiment($"{task}-{Key(variant.Label)}", variant.Label, task, episodes,
            [.. variant.Settings, "test_every=5"]) { Seeds = 10 });

    private static string Key(string label) => string.Join('-', label.ToLowerInvariant()
        .Split([' ', ',', '(', ')', '.'], StringSplitOptions.RemoveEmptyEntries));

    private static int BudgetOf(string task) => PaperResults.Table1.First(row => row.Task == task).Naf.Episodes;
}
