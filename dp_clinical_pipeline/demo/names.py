"""Names that the made-up hospital's people bear, from several cultures. Common names; the people are invented."""
# ruff: noqa: SIM905 -- a list literal of five hundred names would be five hundred lines

GIVEN_WOMEN = tuple(
    """Abigail Adaeze Agnieszka Aiko Aisha Alejandra Alice Amara Amelia Amina Anastasia Andrea Angela Anh Anika Anita
    Anjali Annika Aoife Apinya Astrid Ayesha Beatriz Beatrice Bronwyn Camila Carmen Caroline Catalina Charlotte Chiamaka
    Chiara Chloe Clara Claudia Colleen Cristina Daniela Deborah Deepa Denise Diana Dolores Dorothy Eileen Elena Eleni
    Elif Elise Elizabeth Ellen Emilia Emily Esperanza Esther Evelyn Farah Fatima Fatou Felicia Fiona Florence Frances
    Francesca Gabriela Genevieve Gloria Greta Guadalupe Gwendolyn Hadiza Hana Hannah Harriet Helen Helga Ingrid Irene
    Irina Isabel Ivana Jacqueline Jamila Janet Jasmine Jelena Jessica Jiyeon Joanna Josephine Judith Julia Kamala
    Karen Katarzyna Katherine Kavita Keisha Kimiko Lakshmi Latoya Laura Leila Leticia Linda Ling Linnea Louise Lucia
    Lupita Magdalena Maeve Malika Margaret Maria Mariam Marisol Marjorie Martha Mary Matilda Maureen Meera Mei Mercedes
    Michiko Milena Miriam Monique Nadia Naomi Natalia Ngozi Niamh Nicole Nkechi Noor Nora Norma Olga Olivia Paloma
    Pamela Patricia Paulina Petra Philippa Phyllis Priya Rachel Rania Raquel Rebecca Renata Rhonda Rosa Rosalind Ruth
    Sabine Sakura Samira Sandra Saoirse Sarah Shanice Sharon Shirin Sigrid Silvia Simone Sofia Solveig Stella Sunita
    Susan Svetlana Tamika Tatiana Teresa Thandiwe Theodora Thuy Tomoko Ursula Valentina Valerie Vanessa Vera Veronica
    Violeta Virginia Wanda Wilhelmina Xiomara Yasmin Yetunde Yolanda Yuki Zainab Zofia Zoe Zsofia
    José-María Renée Zoë Łucja Íris Søs""".split()
)
GIVEN_MEN = tuple(
    """Aaron Abdul Abraham Adebayo Ahmed Akira Alan Albert Alejandro Alexei Alfonso Ali Alvin Amir Anders Andrew Andrzej
    Angus Anthony Antonio Anton Arjun Armando Arthur Babatunde Bartholomew Benjamin Bernard Bjorn Boris Brendan Brian
    Calvin Carlos Cedric Chang Charles Chidi Chinedu Christopher Clarence Clifford Connor Cornelius Curtis Cyrus Dale
    Damian Daniel Darius David Declan Demetrius Dennis Desmond Diego Dimitri Dmitri Dominic Donald Douglas Duncan
    Edgar Eduardo Edward Edwin Elias Elijah Emeka Emilio Emmanuel Enrique Ernest Esteban Eugene Fabian Farid Felipe
    Ferdinand Fernando Francisco Frederick Gabriel Gareth Geoffrey Gerald Gilbert Giovanni Gordon Gregory Guillermo
    Gunnar Hamid Harold Haruto Hassan Hector Henrik Herbert Hiroshi Horace Howard Hugo Ibrahim Ignacio Igor Isaac
    Ismael Ivan Jacob Jamal James Javier Jerome Joaquin Johan John Jonathan Jorge Joseph Joshua Julian Kareem Karl
    Kenji Kenneth Kevin Khalid Klaus Kofi Krzysztof Kwame Lamar Lars Laszlo Lawrence Leonard Leroy Liam Lionel Lorenzo
    Luca Luis Magnus Malcolm Manuel Marcus Mario Marvin Mateo Matthias Maurice Maxwell Miguel Mikhail Milan Minh
    Mohammed Moses Mustafa Nathaniel Neville Nicholas Nikolai Nnamdi Norman Obinna Oleg Oliver Omar Oscar Osvaldo Owen
    Pablo Patrick Pavel Pedro Percival Philip Pieter Rafael Raj Ralph Ramesh Ramon Randall Rashid Raymond Reginald
    Reuben Ricardo Robert Roderick Rodrigo Roger Roland Rohan Ronald Rudolf Rupert Russell Salvador Samuel Sanjay
    Santiago Satoshi Sebastian Sergei Sergio Seth Simon Stanley Stefan Stephen Sven Takeshi Tariq Terrence Thaddeus
    Theodore Thomas Timothy Tobias Tomasz Trevor Tuan Tyrone Umberto Vernon Victor Vijay Vikram Viktor Vincent
    Vladimir Wallace Walter Warren Wei Wendell Wilfred William Xavier Yusuf Zachary Zbigniew
    André Björn Étienne Jürgen Łukasz Raúl""".split()
)
SURNAMES = tuple(
    """Abadi Abbott Abdullahi Abernathy Acevedo Achebe Ackerman Adeyemi Aguilar Ahmadi Akhtar Albrecht Alvarado Amundsen
    Andersson Andrade Antonov Aoki Aponte Appiah Arellano Armstrong Asante Ashworth Atkinson Ayala Bachmann Baldwin
    Bannerjee Barbosa Barrett Bartosz Battaglia Beaumont Benavides Bergstrom Bhatt Bianchi Blackwood Blankenship Boateng
    Bogdanov Bouchard Brannigan Brennan Brewster Bukowski Burgess Caballero Calderon Callahan Cardenas Carmichael
    Castellano Castillo Chakrabarti Chamberlain Chandrasekhar Chaudhry Chavez Chidubem Christensen Chukwu Cisneros
    Clemens Colombo Contreras Corrigan Cortez Cunningham Dabrowski Dalgaard Davenport Delacroix Delgado Dempsey Desai
    Deschamps Diallo Diaz Dietrich Dimitrov Dominguez Donnelly Doyle Drummond Duarte Dubois Dufresne Eberhardt Echeverria
    Eisenberg Ekwueme Ellsworth Engstrom Escobar Espinoza Eze Fairbanks Falkenberg Farrokhzad Faulkner Fernandes
    Ferreira Figueroa Fitzgerald Flanagan Fofanah Fontaine Fujimoto Galbraith Gallagher Galvez Gambhir Garibaldi
    Georgiou Ghosh Gianopoulos Gilchrist Gomez Goncalves Gonzalez Gorecki Greenberg Gunnarsson Gupta Gutierrez Haddad
    Halvorsen Hamasaki Hammond Harrington Hashimoto Hathaway Hawthorne Hendrickson Hernandez Herrera Higgins Hoang
    Hofmann Holloway Horvath Huang Hutchinson Hwang Ibarra Idowu Ikeda Iqbal Ishikawa Iwu Jablonski Jankowski Jaramillo
    Jimenez Johansson Kaczmarek Kamara Kapoor Karimi Kaufmann Kavanagh Kawaguchi Kazemi Keller Kensington Khalil
    Khoury Kikuchi Kirkpatrick Kobayashi Kowalczyk Kravchenko Krishnan Kulkarni Kuznetsov Lachance Lafontaine Langley
    Larkin Larsson Lattimore Leclerc Lefebvre Lindqvist Lockhart Lombardi Lopez Lozano Lundgren MacAllister MacGregor
    Madrigal Mahmoud Maldonado Malhotra Mancini Marchetti Marquez Martinez Mascarenhas Matsuda Mbeki McAllister
    McCafferty McCullough McDermott McKenna McLaughlin Medina Mehta Mendoza Mensah Mercado Meyerhoff Mikhailov
    Mizrahi Mkhize Mohammadi Montgomery Montoya Morales Moreau Moretti Moriarty Mukherjee Mwangi Nakamura Navarro
    Ndiaye Nielsen Nikolaidis Njoroge Novak Nwosu Obafemi Obrien Ocampo Odhiambo Ogunleye Okafor Okonkwo Oliveira
    Olszewski Onyango Orozco Ortega Osei Ostrowski Otieno Owusu Pacheco Padilla Palmieri Papadopoulos Paquette
    Pascual Patel Paterson Pedersen Pellegrini Pennington Pereira Petrov Pham Piotrowski Popescu Prendergast Quigley
    Quintana Quispe Radcliffe Rahman Ramaswamy Ramirez Rasmussen Reddy Restrepo Rinaldi Rivera Rodriguez Romanov Rosales
    Rosenthal Rossi Rutherford Saavedra Sadiq Saldana Salgado Sandoval Sankara Santos Schaefer Schneider Schwartzman
    Sepulveda Serrano Shapiro Sharma Shevchenko Shimizu Siddiqui Sikorski Silva Sinclair Singh Skovgaard Soderberg
    Sokolov Solis Soto Srinivasan Stanislaw Steinberg Stravinsky Sullivan Sundaram Sutherland Suzuki Svensson Szabo
    Takahashi Tanaka Tesfaye Thackeray Thibodeaux Thorvald Torres Toussaint Tran Trujillo Tshabalala Underwood Uribe
    Valdez Valenzuela Vandenberg Vargas Vasquez Velasco Venkatesan Villanueva Volkov Wadsworth Wakefield Warsame
    Watanabe Weatherby Weinstein Whitaker Whittington Wierzbicki Winthrop Wojcik Woldemariam Wolfe Yamamoto Yancey
    Yarborough Yilmaz Yoon Zamora Zapata Zavala Zeller Zhang Zielinski Zimmerman
    Ångström Núñez Müller Peña Gödel Çelik Lemaître Šimić O'Malley O'Shaughnessy D'Angelo De-la-Cruz Smith-Okoye""".split()
)
RELATIONS_WOMEN = ("daughter", "wife", "sister", "mother", "granddaughter", "niece")
RELATIONS_MEN = ("son", "husband", "brother", "father", "grandson", "nephew")
