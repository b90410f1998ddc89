namespace Naf.Host.Reproduction;

/// <summary>A best score of the paper, and the episodes to within 5 % of it.</summary>
internal readonly record struct PaperScore(double Score, int Episodes);

/// <summary>The numbers of the paper's tables (Gu, Lillicrap, Sutskever, Levine 2016).</summary>
internal static class PaperResults
{
    /// <summary>Table 1: the scores of a random policy, DDPG and NAF.</summary>
    public static readonly (string Task, double Random, PaperScore Ddpg, PaperScore Naf)[] Table1 =
    [
        ("cartpole", -2.1, new(-0.601, 420), new(-0.604, 190)),
        ("reacher", -2.3, new(-0.509, 1370), new(-0.331, 1260)),
        ("peg", -11, new(-0.950, 690), new(-0.438, 130)),
        ("gripper", -29, new(1.03, 2420), new(1.81, 1920)),
        ("gripper-moving", -90, new(-20.2, 1350), new(-12.4, 730)),
        ("canada2d", -12, new(-4.64, 1040), new(-4.21, 900)),
        ("cheetah", -0.3, new(8.23, 1590), new(7.91, 2390)),
        ("swimmer6", -325, new(-174, 220), new(-172, 190)),
        ("ant", -4.8, new(-2.54, 2450), new(-2.58, 1350)),
        ("walker2d", 0.3, new(2.96, 850), new(1.85, 1530)),
    ];

    /// <summary>The columns of Table 2: NAF, half or all of the episodes by MPC, imagination (ImR), and both.</summary>
    public static readonly string[] Table2Columns = ["−", "0.5", "ImR", "ImR, 0.5", "ImR, 1"];

    /// <summary>Table 2: scores with the true dynamics, in the order of <see cref="Table2Columns"/>.</summary>
    public static readonly (string Task, PaperScore[] Scores)[] Table2 =
    [
        ("reacher", [new(-0.488, 740), new(-0.449, 670), new(-0.448, 450), new(-0.426, 430), new(-0.548, 90)]),
        ("canada2d", [new(-6.23, 1970), new(-6.23, 1580), new(-5.89, 570), new(-5.88, 140), new(-12.0, 210)]),
        ("cheetah", [new(7.00, 580), new(7.10, 1080), new(7.36, 590), new(7.29, 740), new(6.43, 390)]),
    ];
}
